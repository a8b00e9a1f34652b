/**
 * The lowest and the newest version of all that our packages name: in a project that has one of each, the
 * servers of the table of answers (`infra/test/answers`) and programs of users (`infra/test/consumer`) are compiled, and
 * run, on real servers.
 */
import { startSystem, type TestSystem } from '@portcullis/testbed';
import { join } from 'node:path';
import { addPage, showsSessionInTabs } from './browser-check.ts';
import type { Tarball } from './pack.ts';
import { entriesOf, Project, RESOLUTIONS, type CompilerOptions } from './project.ts';
import type { Stage } from './stage.ts';
import type { Check, Sequence } from './steps.ts';
import {
  besideOnNode20,
  LAST_ON_NODE_20,
  versionIn,
  type Alternative,
  type Bound,
} from './versions.ts';
import { ROOT } from '../paths.ts';

interface Round {
  name: string;
  /** Of a peer with several majors. */
  alternative: Alternative;
  bound: Bound;
  node: string;
  resolutions: readonly CompilerOptions['resolution'][];
  /** What is no peer of ours, and has to go with one that is. */
  beside: { '@hono/node-server': string; '@tanstack/react-query': string };
}

const ROUNDS: readonly Round[] = [
  {
    name: 'lowest',
    ...{ alternative: 'earliest', bound: 'lowest', node: '20' },
    resolutions: RESOLUTIONS,
    beside: { '@hono/node-server': '~1.13.0', '@tanstack/react-query': '5.0.0' },
  },
  {
    name: 'lowest of the last major',
    ...{ alternative: 'latest', bound: 'lowest', node: '22' },
    resolutions: ['nodenext'],
    // An early one that takes React 19.
    beside: { '@hono/node-server': '~1.13.0', '@tanstack/react-query': '5.55.0' },
  },
  {
    name: 'newest on Node 20',
    ...{ alternative: 'latest', bound: 'newest', node: '20' },
    resolutions: ['nodenext'],
    beside: { '@hono/node-server': '^2.0.0', '@tanstack/react-query': '^5.0.0' },
  },
  {
    name: 'newest',
    ...{ alternative: 'latest', bound: 'newest', node: '24' },
    resolutions: RESOLUTIONS,
    beside: { '@hono/node-server': '^2.0.0', '@tanstack/react-query': '^5.0.0' },
  },
];

/** Those of which one project has both majors, the earlier under this name. */
const EARLIER: Readonly<Record<string, string>> = { express: 'express4', koa: 'koa2' };
const TYPES = {
  '@types/express': '^5.0.0',
  '@types/koa': '^3.0.0',
  '@types/node': '^20.19.0',
  '@types/ws': '^8.0.0',
};

export function peerChecks(stage: Stage): Sequence[] {
  let system: Promise<TestSystem> | undefined;
  let last: Promise<unknown> = Promise.resolve();
  const onSystem: OnSystem = (work) => {
    system ??= startSystem().then((started) => stage.use(started));
    const started = system;
    const turn = last.then(async () => work(await started));
    last = turn.catch(() => undefined);
    return turn;
  };
  return ROUNDS.map((round) => checksOf(round, stage, onSystem));
}

/** One after the other: each counts the verifiers that confirm, and one that is just closing may not. */
type OnSystem = <T>(work: (system: TestSystem) => Promise<T>) => Promise<T>;

function checksOf(round: Round, stage: Stage, onSystem: OnSystem): Check[] {
  const { tarballs, nodes, tools } = stage;
  const place = join(stage.folder, round.name.replaceAll(' ', '-'));
  const project = new Project(place, nodes.get(round.node) ?? process.execPath);
  let isInstalled = false;
  const check = (name: string, run: Check['run'], needsInstall = true): Check => ({
    name: `${round.name}: ${name}`,
    node: round.node,
    run: async () => {
      if (needsInstall && !isInstalled) throw new Error('it could not be installed');
      return await run();
    },
  });
  const compilations = [...tools.compilers].flatMap(([version, compiler]) =>
    round.resolutions.map((resolution) => ({
      version,
      compiler,
      resolution,
      // What is run afterwards.
      emit: version === '7' && resolution === 'nodenext',
    })),
  );
  return [
    check(
      `installed, Node ${round.node}`,
      async () => {
        await project.install(tarballs, packagesOf(round, tarballs));
        project.addUsesOf(tarballs);
        for (const sources of ['answers/frameworks', 'consumer']) {
          project.addSources(join(ROOT, 'infra', 'test', sources), sources);
        }
        addPage(project);
        await project.load(entriesOf(tarballs));
        isInstalled = true;
      },
      false,
    ),
    ...compilations.map(({ version, ...options }) =>
      check(`TypeScript ${version}, ${options.resolution}`, () => project.compile(options)),
    ),
    check('each framework is guarded', async () =>
      (await project.run('dist/consumer/frameworks.js')).trim(),
    ),
    check('React and TanStack Query', async () =>
      (await project.run('dist/consumer/react.js')).trim(),
    ),
    check('the hooks of React in a browser', () =>
      onSystem((system) => showsSessionInTabs(project, system)),
    ),
    check('NATS, events, tRPC and zod on a running system', () =>
      onSystem(async ({ auth, user, admin, bed }) => {
        const addresses = { auth: auth.url, user: user.url, admin: admin.url };
        const bus = { natsUrl: bed.natsUrl, prefix: bed.prefix };
        const env = { SYSTEM: JSON.stringify({ ...addresses, ...bus }) };
        return (await project.run('dist/consumer/system.js', env)).trim();
      }),
    ),
  ];
}

/** Each package of others that ours name, in the versions of this round. */
function packagesOf(round: Round, tarballs: readonly Tarball[]): Record<string, string> {
  const { alternative, bound, node } = round;
  const ranges = new Map(
    tarballs
      .flatMap(({ manifest }) => [
        ...Object.entries(manifest.dependencies),
        ...Object.entries(manifest.peerDependencies),
      ])
      .filter(([name]) => !name.startsWith('@portcullis/')),
  );
  const last = node === '20' && bound === 'newest' ? LAST_ON_NODE_20 : {};
  const chosen: Record<string, string> = {};
  for (const [name, range] of ranges) {
    const earlier = EARLIER[name];
    if (earlier === undefined) {
      chosen[name] = last[name] ?? versionIn(range, alternative, bound);
    } else {
      chosen[name] = versionIn(range, 'latest', bound);
      chosen[earlier] = `npm:${name}@${versionIn(range, 'earliest', bound)}`;
    }
  }
  const nest = chosen['@nestjs/core'] ?? '';
  const react = chosen['react'] ?? '';
  const majorOfReact = `^${/\d+/.exec(react)?.[0] ?? ''}.0.0`;
  return {
    ...chosen,
    ...round.beside,
    'react-dom': react,
    '@types/react': majorOfReact,
    '@types/react-dom': majorOfReact,
    '@nestjs/platform-express': nest,
    // That of 11.0.0 asks for the core of before, by mistake.
    '@nestjs/platform-fastify': nest.replace(/^(?=\d)/, '~'),
    'socket.io-client': chosen['socket.io'] ?? '',
    ...(node === '20' && besideOnNode20(Object.keys(chosen))),
    ...TYPES,
  };
}

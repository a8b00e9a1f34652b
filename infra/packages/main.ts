/**
 * `npm run packages`: packs each published package, and uses it as a project of its own would: strictly
 * installed and loaded on each supported Node, and with the lowest and the newest version of each peer and
 * dependency, with the blocks of the pages compiled.
 *
 * Ends with 0 when all held, with 1 when something failed, with 3 when none failed and a Node could not be had.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packAll, withOwn, type Tarball } from './pack.ts';
import { Project } from './project.ts';
import { newTestFolder, ownFolder, removeAbandonedTestFolders } from '../system/test-folder.ts';
import { inSession, type Session } from '../lifetime/session.ts';
import { tail } from '../lifetime/tail.ts';
import { obtainProgram } from '../matrix/programs.ts';
import { Unavailable } from '../matrix/unavailable.ts';
import { DATA_ROOT } from '../paths.ts';
import { build } from '../services/build.ts';
import { line, note, red, step } from '../steps.ts';

const NODES = ['20', '22', '24'] as const;
/** The last that run on Node 20, as README says. */
const ON_NODE_20 = {
  '@nats-io/jetstream': '~3.3.1',
  '@nats-io/transport-node': '~3.3.1',
  '@nestjs/common': '^11.0.0',
  '@nestjs/core': '^11.0.0',
};
const TYPES = { '@types/express': '^5.0.0', '@types/koa': '^3.0.0', '@types/node': '^20.19.0' };

export async function main(): Promise<number> {
  await removeAbandonedTestFolders();
  return await inSession(newTestFolder(), 'npm run packages', async (session) => {
    await ownFolder(session);
    await step('build', () => build(session));
    // npm looks for a package.json upwards, and must not find the workspace's.
    const folder = mkdtempSync(join(tmpdir(), 'portcullis-packages-'));
    try {
      return await checkAll(session, folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

async function checkAll(session: Session, folder: string): Promise<0 | 1 | 3> {
  const tarballs = await packAll(session, folder);
  const held: boolean[] = [];
  let missing = false;
  for (const major of NODES) {
    try {
      const { file } = await obtainProgram(session, join(DATA_ROOT, 'matrix'), 'node', major);
      for (const tarball of tarballs) {
        const project = new Project(session, join(folder, `${tarball.folder}-${major}`), file);
        const name = `${tarball.folder}, Node ${major}`;
        held.push(await report(name, project, () => strictly(project, tarball, tarballs, major)));
      }
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      missing = true;
      console.log(`  Node ${major}  ${red('NOT RUN')}  ${error.message}`);
    }
  }
  for (const [name, version] of [
    ['lowest', lowestOf],
    ['newest', (range: string): string => range],
  ] as const) {
    const project = new Project(session, join(folder, name), process.execPath);
    const others = { ...othersOf(tarballs, version), ...TYPES };
    // The newest of some is not for every Node.
    if (name === 'newest') Object.assign(others, lastOn(process.versions.node));
    held.push(
      await report(
        `the ${name} of each range`,
        project,
        async () =>
          (await project.install(tarballs, others)) &&
          (await project.load(tarballs)) &&
          (await project.compile(tarballs)),
      ),
    );
  }
  if (held.includes(false)) return 1;
  return missing ? 3 : 0;
}

/** Alone with what it depends on and its peers. */
async function strictly(
  project: Project,
  tarball: Tarball,
  all: readonly Tarball[],
  node: string,
): Promise<boolean> {
  const peers = tarball.manifest.peerDependencies;
  const last = Object.entries(lastOn(node)).filter(([name]) => name in peers);
  const others = { ...peers, ...Object.fromEntries(last) };
  return (await project.install(withOwn(tarball, all), others)) && (await project.load([tarball]));
}

function lastOn(node: string): Record<string, string> {
  return node.startsWith('20') ? ON_NODE_20 : {};
}

/** Each package of others that ours name. */
function othersOf(
  tarballs: readonly Tarball[],
  version: (range: string) => string,
): Record<string, string> {
  const ranges = tarballs.flatMap(({ manifest }) => [
    ...Object.entries(manifest.dependencies),
    ...Object.entries(manifest.peerDependencies),
  ]);
  return Object.fromEntries(
    ranges
      .filter(([name]) => !name.startsWith('@portcullis/'))
      .map(([name, range]) => [name, version(range)]),
  );
}

/** Of the first of its alternatives. */
const lowestOf = (range: string): string => range.replace(/ \|\| .*/, '').replace(/^[\^~]/, '');

async function report(
  name: string,
  project: Project,
  check: () => Promise<boolean>,
): Promise<boolean> {
  const started = performance.now();
  const held = await check();
  line(name, performance.now() - started, held ? 'ok' : red('failed'));
  if (!held) note(tail(project.log, 20));
  return held;
}

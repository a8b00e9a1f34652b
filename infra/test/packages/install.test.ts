/**
 * One case of `npm run pack:check`, without a network: a service of one's own and its test, installed by npm from what
 * `npm run pack` makes, type-checked in each way to look for modules, and run on this Node.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installCommand } from '../../packages/pack-command.ts';
import { packAll, withOwn, type Tarball } from '../../packages/pack.ts';
import { entriesOf, Project, RESOLUTIONS } from '../../packages/project.ts';
import { ROOT, tool } from '../../paths.ts';
import { runProgram } from '../run-program.ts';

const SERVICE = `
import { createTestIssuer } from '@portcullis/testkit';
import { createVerifier, type Verifier } from '@portcullis/verify';
import { protect } from '@portcullis/verify/node';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const issuer = await createTestIssuer({ audience: 'urn:acme:orders' });
const { issuer: address, audience, revocations } = issuer;
const feed = revocations.feed();
const verifier: Verifier = await createVerifier({ issuer: address, audience, service: 'orders', feed });
await verifier.ready();

const signedIn = protect(verifier);
const server = createServer(signedIn((request, response, caller) => response.end(caller.sub)));
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address() as AddressInfo;
const token = await issuer.mint();
const ask = async (headers: Record<string, string>): Promise<number> =>
  (await fetch(\`http://127.0.0.1:\${port}/\`, { headers })).status;
const authorization = \`Bearer \${token}\`;
const before = [await ask({}), await ask({ authorization })];
revocations.revoke({ kind: 'issuer', key: 'issuer', generation: 1 });
console.log(...before, await ask({ authorization }));
server.close();
server.closeAllConnections();
await verifier[Symbol.asyncDispose]();
await issuer[Symbol.asyncDispose]();
`;

let folder: string;
let tarballs: Tarball[];
let installed: Tarball[];
let project: Project;

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'portcullis-install-')));
  tarballs = await packAll(join(folder, 'tarballs'));
  project = new Project(join(folder, 'service'), process.execPath);
  const wanted = tarballs.filter((one) => ['verify', 'testkit'].includes(one.folder));
  installed = [...new Set(wanted.flatMap((one) => withOwn(one, tarballs)))];
  // They need nothing of others; what the compiler needs is in the workspace too.
  const fromHere = (member: string, name: string) =>
    `file:${realpathSync(join(ROOT, member, 'node_modules', name))}`;
  const others = {
    '@types/node': fromHere('.', '@types/node'),
    'undici-types': `file:${realpathSync(join(ROOT, 'node_modules/.pnpm/node_modules/undici-types'))}`,
  };
  await project.install(installed, others, { offline: true });
  project.write('service.ts', SERVICE);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a project of its own', () => {
  it.each(RESOLUTIONS)('compiles with %s', async (resolution) => {
    await project.compile({ compiler: tool('tsc'), resolution });
  });

  it('runs', async () => {
    await project.compile({ compiler: tool('tsc'), resolution: 'nodenext', emit: true });
    expect(await project.run('dist/service.js')).toBe('401 200 401\n');
  });

  it('loads every entry that needs no peer', async () => {
    const needsPeer = /verify\/(?:trpc|nestjs|connect|feeds\/nats)$|contracts\/schemas$|react$/;
    const entries = entriesOf(installed).filter((entry) => !needsPeer.test(entry));
    expect(entries.length).toBeGreaterThan(10);
    await project.load(entries);
  });
});

it.each(['testkit', 'verify'])('%s is a few files, with each source in one of them', (name) => {
  const dist = join(project.folder, 'node_modules/@portcullis', name, 'dist');
  const maps = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.js.map'),
  );
  const { exports = {} } = tarballs.find((one) => one.folder === name)?.manifest ?? {};
  // What is loaded on demand is an entry as well.
  const onDemand = maps.flatMap((path) => {
    const text = readFileSync(join(dist, path.slice(0, -'.map'.length)), 'utf8');
    return [...text.matchAll(/\bimport\("\.[^"]*\/([^/"]+)"\)/g)].map(([, file]) => file);
  });
  const entries = Object.keys(exports).length + new Set(onDemand).size;
  expect(maps.length).toBeLessThan(2 * entries + 5);
  const sources = maps.flatMap((path): string[] => {
    const { sources: all } = JSON.parse(readFileSync(join(dist, path), 'utf8'));
    return all.map((source: string) => resolve(dirname(join(dist, path)), source));
  });
  expect(sources.length).toBeGreaterThan(maps.length);
  // One that is in two would be two values: what one entry remembers of a request, another would not know.
  expect(new Set(sources).size).toBe(sources.length);
  for (const source of sources) expect(existsSync(source), source).toBe(true);
});

it('the same files are the same bytes, whenever they are packed: a lockfile names them', async () => {
  const digestOf = ({ file }: Tarball) =>
    createHash('sha256').update(readFileSync(file)).digest('hex');
  const again = await packAll(join(folder, 'again'));
  expect(again.map(digestOf)).toEqual(tarballs.map(digestOf));
}, 60_000);

it('fails for a package that is not as it was packed', async () => {
  const [verify] = tarballs.filter((one) => one.folder === 'verify');
  if (verify === undefined) throw new Error('verify is not packed');
  const alone = new Project(join(folder, 'alone'), process.execPath);
  // Its own dependencies are in no registry, and left out here.
  await expect(alone.install([verify], {}, { offline: true })).rejects.toThrow(
    /@portcullis(?:\/|%2f)bus/,
  );
}, 60_000);

describe('npm run pack', () => {
  it('prints one command that installs a package with what it depends on', () => {
    const verify = tarballs.filter((one) => one.folder === 'verify');
    const [npm, install, ...words] = installCommand(verify, tarballs);
    expect([npm, install]).toEqual(['npm', 'install']);
    const nats = words.filter((word) => !word.endsWith('.tgz'));
    expect(nats).toEqual([expect.stringMatching(/^@nats-io\/transport-node@[~^]3\./)]);
    const names = words.map((file) => /portcullis-(\w+)-[\d.]+\.tgz$/.exec(file)?.[1]);
    expect(new Set(names)).toEqual(new Set(['bus', 'contracts', 'snapshot', 'verify', undefined]));
  });

  it('knows no package that is not published', async () => {
    const words = ['infra/bootstrap.mjs', 'pack', 'verifi'];
    const { status, stderr } = await runProgram(process.execPath, words, {
      cwd: ROOT,
      limitMs: 60_000,
    });
    expect(status).toBe(2);
    expect(stderr).toContain('there is no package verifi');
    expect(stderr).toContain('Nearest: verify.');
  });
});

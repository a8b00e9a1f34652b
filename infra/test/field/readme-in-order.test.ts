/** The README of this checkout, block after block, as a reader pastes it. */
import { startSystem, type TestSystem } from '@portcullis/testbed';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';

const checkout = new URL('../../../', import.meta.url);
const TRIES = /<!-- try: \S+ -->\n\n```sh\n([\s\S]*?)```/g;
const TYPED = /<!-- example: packages\/client\/\S+ -->\n\n```ts\n([\s\S]*?)```/;

let system: TestSystem;
let folder: string;
let readme: string;

beforeAll(async () => {
  system = await startSystem();
  folder = await mkdtemp(join(tmpdir(), 'portcullis-readme-'));
  const administrator = join(folder, 'dev-admin.json');
  await writeFile(administrator, JSON.stringify(system.administrator));
  // Only the addresses are this test's own.
  readme = (await readFile(new URL('README.md', checkout), 'utf8'))
    .replaceAll('http://localhost:4000', system.auth.url)
    .replaceAll('http://localhost:4001', system.user.url)
    .replaceAll('http://localhost:4002', system.admin.url)
    .replaceAll('.portcullis/dev-admin.json', administrator);
}, 120_000);

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await system[Symbol.asyncDispose]();
});

/** Where `infra` would run it, so that it finds the packages. */
async function run(
  program: string,
  words: string[],
): Promise<{ code: number | string; stdout: string; stderr: string }> {
  return await new Promise((resolve) => {
    const cwd = fileURLToPath(new URL('infra/', checkout));
    execFile(program, words, { cwd }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : (error.code ?? 'ended'), stdout, stderr });
    });
  });
}

it('D8: "Call it with types" works after "Try it"', async () => {
  const script = [...readme.matchAll(TRIES)].map(([, lines = '']) => lines).join('\n');
  expect(await run('bash', ['-ec', script])).toMatchObject({ code: 0 });
  const [, code = ''] = TYPED.exec(readme) ?? [];
  // It has no type annotations, so that Node takes it as it stands.
  expect(await run(process.execPath, ['--input-type=module', '--eval', code])).toMatchObject({
    code: 0,
    stdout: 'Ada is out: 2 of 2 verifiers confirmed\n',
  });
}, 60_000);

/** The testkit in a project of its own, under the test runners that services have. */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const PACKAGES = join(import.meta.dirname, '../..');
const TESTKIT = join(import.meta.dirname, '..');
let folder: string;

/** What each of the runners runs; it fails where an answer is another one. */
const CHECKED = `
import { createTestClock, createTestIssuer } from '@portcullis/testkit';
import { createVerifier } from '@portcullis/verify';

export async function answers() {
  const clock = createTestClock();
  const issuer = await createTestIssuer({ audience: 'urn:acme:orders', clock });
  const verifier = await createVerifier({ ...issuer.verifierOptions(), service: 'orders' });
  await verifier.ready();
  const codeOf = ({ token }) => verifier.verify(token).then(() => 'ok', ({ code }) => code);
  const found = [];
  for (const state of ['good', 'expired', 'revoked', 'stale', 'wrong_audience']) {
    found.push(await codeOf(await issuer.signIn({ state, roles: ['support'] })));
  }
  const user = await issuer.signIn();
  issuer.revoke(user);
  found.push(await codeOf(user));
  const late = await issuer.signIn();
  await clock.advance(700_000);
  found.push(await codeOf(late));
  await verifier[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
  return found.join(' ');
}
export const EXPECTED = 'ok invalid_token invalid_token token_stale invalid_token invalid_token invalid_token';
`;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-runners-'));
  for (const name of ['testkit', 'contracts', 'verify', 'snapshot', 'bus']) {
    for (const part of ['package.json', 'dist']) {
      const to = join(folder, 'node_modules/@portcullis', name, part);
      cpSync(join(PACKAGES, name, part), to, { recursive: true });
    }
  }
  for (const [name, from] of [
    ['jest', join(TESTKIT, 'node_modules/jest')],
    ['vitest', join(PACKAGES, '../node_modules/vitest')],
  ] as const) {
    symlinkSync(realpathSync(from), join(folder, 'node_modules', name));
  }
  mkdirSync(join(folder, 'test'));
  writeFileSync(join(folder, 'test/checked.js'), CHECKED);
  const jest = { transform: {}, testMatch: ['**/in-jest.js'] };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', jest }));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const RUNNERS: [name: string, file: string, text: string, command: string[]][] = [
  [
    'node:test',
    'in-node.js',
    `import assert from 'node:assert/strict'; import { test } from 'node:test';
     test('answers', async () => assert.equal(await answers(), EXPECTED));`,
    ['--test', 'test/in-node.js'],
  ],
  [
    'vitest',
    'in-vitest.test.js',
    `import { expect, test } from 'vitest';
     test('answers', async () => expect(await answers()).toBe(EXPECTED));`,
    ['node_modules/vitest/vitest.mjs', 'run', 'test/in-vitest.test.js'],
  ],
  [
    'jest',
    'in-jest.js',
    `test('answers', async () => { expect(await answers()).toBe(EXPECTED); });`,
    ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js'],
  ],
];

test.each(RUNNERS)(
  'it works under %s',
  (_, file, text, command) => {
    const imports = `import { answers, EXPECTED } from './checked.js';\n`;
    writeFileSync(join(folder, 'test', file), `${imports}${text}`);
    const run = (): string =>
      execFileSync(process.execPath, command, {
        cwd: folder,
        encoding: 'utf8',
        env: { PATH: process.env['PATH'], CI: '1' },
        timeout: 60_000,
        stdio: 'pipe',
      });
    expect(run).not.toThrow();
    // That it can fail shows that it was run.
    writeFileSync(join(folder, 'test', file), `${imports}${text.replace('EXPECTED', "'other'")}`);
    expect(run).toThrow();
  },
  120_000,
);

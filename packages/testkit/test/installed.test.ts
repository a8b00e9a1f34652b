/** The built package in a folder of its own, outside of the repository, with what it depends on and nothing else. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const PACKAGES = join(import.meta.dirname, '../..');
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-testkit-'));
  for (const name of ['testkit', 'contracts']) {
    for (const part of ['package.json', 'dist']) {
      const to = join(folder, 'node_modules/@portcullis', name, part);
      cpSync(join(PACKAGES, name, part), to, { recursive: true });
    }
  }
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('it is imported, and makes an issuer', () => {
  writeFileSync(
    join(folder, 'main.mjs'),
    `import * as testkit from '@portcullis/testkit';
     const issuer = await testkit.createTestIssuer();
     const [, payload = ''] = (await issuer.mint({ aud: 'urn:orders' })).split('.');
     const { aud } = JSON.parse(Buffer.from(payload, 'base64url').toString());
     issuer.revocations.revoke({ kind: 'issuer', key: 'issuer', generation: 1 });
     console.log(JSON.stringify({ aud, revoked: issuer.revocations.log.length }));
     await issuer[Symbol.asyncDispose]();`,
  );
  const output = execFileSync(process.execPath, ['main.mjs'], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
    timeout: 30_000,
  });
  expect(JSON.parse(output)).toEqual({ aud: 'urn:orders', revoked: 1 });
});

test('it depends on the contracts alone', () => {
  const manifest = JSON.parse(readFileSync(join(PACKAGES, 'testkit/package.json'), 'utf8'));
  expect(Object.keys(manifest.dependencies)).toEqual(['@portcullis/contracts']);
  expect(manifest).not.toHaveProperty('peerDependencies');
});

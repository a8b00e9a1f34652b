/** Roles and permissions of one's own: what an issuer that has a configuration says of them, and what a guard does by it. */
import { defineConfig, type AccessConfig } from '@portcullis/contracts';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createTestClock, createTestIssuer } from '../src/index.ts';

const PACKAGES = join(import.meta.dirname, '../..');
const config = defineConfig({
  number: 1,
  permissions: ['orders:read', 'orders:refund'],
  roles: { seller: ['orders:refund'], clerk: ['orders:read'] },
});

/** Asks a guard for each role in turn, then once more after the key that has signed the roles is revoked. */
const GUARDED = `
import { defineConfig } from '@portcullis/contracts';
import { createTestIssuer } from '@portcullis/testkit';
import { createVerifier } from '@portcullis/verify';
import { protect } from '@portcullis/verify/web';

const config = defineConfig(${JSON.stringify(config)});
const issuer = await createTestIssuer({ audience: 'urn:acme:orders', config });
const verifier = await createVerifier({ ...issuer.verifierOptions(), service: 'orders' });
await verifier.ready();
const refund = protect(verifier, { require: { permission: 'orders:refund' } })(() => new Response());
const statusOf = async (roles) => {
  const { headers } = await issuer.signIn({ roles });
  return (await refund(new Request('http://orders.test/', { headers }))).status;
};
const statuses = {};
for (const role of ['seller', 'clerk', 'support', 'admin']) statuses[role] = await statusOf([role]);

const revoked = await issuer.signIn();
await issuer.rotate();
issuer.revoke(revoked, 'key');
for (let tries = 0; tries < 100 && (await statusOf(['seller'])) !== 200; tries += 1) {
  await new Promise((resolve) => setTimeout(resolve, 50));
}
statuses.sellerByNextKey = await statusOf(['seller']);
console.log(JSON.stringify(statuses));
await verifier[Symbol.asyncDispose]();
await issuer[Symbol.asyncDispose]();
`;

test('a guard lets in whose role carries its permission, and admin, and no other role', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-own-access-'));
  try {
    for (const name of ['testkit', 'contracts', 'verify', 'snapshot']) {
      for (const part of ['package.json', 'dist']) {
        const to = join(folder, 'node_modules/@portcullis', name, part);
        cpSync(join(PACKAGES, name, part), to, { recursive: true });
      }
    }
    writeFileSync(join(folder, 'main.mjs'), GUARDED);
    const output = execFileSync(process.execPath, ['main.mjs'], {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] },
      timeout: 60_000,
    });
    const expected = { seller: 200, clerk: 403, support: 403, admin: 200, sellerByNextKey: 200 };
    expect(JSON.parse(output)).toEqual(expected);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('it signs what is declared from the start, and again with each next key', async () => {
  await using issuer = await createTestIssuer({ config });
  const { permissions, roles } = config;
  const documentOf = () => issuer.revocations.access?.document ?? '';
  expect(decodeJwt(documentOf())).toMatchObject({ number: 1, permissions, roles });
  await issuer.rotate();
  expect(decodeJwt(documentOf())).toMatchObject({ number: 1, permissions, roles });
  expect(decodeProtectedHeader(documentOf()).kid).toBe(issuer.kid);
  issuer.declare({ permissions, roles: {} });
  expect(decodeJwt(documentOf())).toMatchObject({ number: 2, roles: {} });
});

test('a verifier that is made days later, by the clock of the test, knows what is declared too', async () => {
  const clock = createTestClock();
  await using issuer = await createTestIssuer({ config, clock });
  await clock.advance(3 * 86_400_000);
  const { feed } = issuer.verifierOptions();
  await feed.close();
  const { exp = 0, number } = decodeJwt(issuer.revocations.access?.document ?? '');
  expect(exp * 1_000).toBeGreaterThan(clock.wall());
  expect(number).toBe(1);
});

test('without a configuration nothing is declared, and the roles are our own', async () => {
  await using issuer = await createTestIssuer();
  await issuer.rotate();
  expect(issuer.revocations.access).toBeUndefined();
  // @ts-expect-error no such role is declared
  await issuer.signIn({ roles: ['seller'] });
});

test('the roles of users are those declared, and our own', async () => {
  await using issuer = await createTestIssuer({ config });
  const { token } = await issuer.signIn({ roles: ['seller', 'clerk', 'admin', 'support'] });
  expect(decodeJwt(token)['roles']).toEqual(['seller', 'clerk', 'admin', 'support']);
  // @ts-expect-error a misspelt one
  await issuer.signIn({ roles: ['sellers'] });
});

test.each<[AccessConfig, string]>([
  [{ ...config, permissions: ['orders:read'] }, 'roles.seller[0] is no permission that there is'],
  [{ ...config, permissions: ['users:read'] }, 'permissions[0] is a permission of Portcullis'],
  [{ ...config, roles: { admin: ['orders:read'] } }, 'roles.admin is a role of Portcullis'],
  [{ ...config, number: -1 }, 'number is not a whole number'],
])('a wrong configuration is a TypeError that names the key: %j', async (wrong, message) => {
  const made = createTestIssuer({ config: wrong });
  await expect(made).rejects.toThrow(TypeError);
  await expect(made).rejects.toThrow(
    `createTestIssuer: config has to be what defineConfig takes: `,
  );
  await expect(made).rejects.toThrow(message);
});

/** Faults from the field at the HTTP edge: clients' keys, assertions, proofs, forms, the own page. */
import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PASSWORD, startAuthSystem, type Answer, type AuthSystem } from '../auth-system.ts';
import { DpopClient } from '../oauth/dpop-client.ts';

const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const COMMAND = join(import.meta.dirname, '..', '..', 'dist', 'commands', 'ensure-client.js');
let system: AuthSystem;
let email: string;
let signer: CryptoKey;

/** Runs `ensure-client` with this key set. */
async function ensureClient(id: string, jwks: unknown): Promise<{ failed: boolean; said: string }> {
  const words = ['--id', id, '--name', 'x', '--scope', 'users:read', '--audience', 'urn:x:y'];
  const env = {
    PATH: process.env['PATH'],
    DATABASE_URL: system.bed.databaseUrls.auth,
    PORTCULLIS_CLIENT_JWKS: JSON.stringify(jwks),
  };
  return await new Promise((resolve) => {
    execFile(process.execPath, [COMMAND, ...words], { env }, (error, stdout, stderr) =>
      resolve({ failed: error !== null, said: stdout + stderr }),
    );
  });
}

beforeAll(async () => {
  system = await startAuthSystem();
  ({ email } = await system.auth.newcomer());
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  signer = privateKey;
  const registered = await ensureClient('cli_signer', {
    keys: [{ ...(await exportJWK(publicKey)), kid: 'a' }],
  });
  if (registered.failed) throw new Error(registered.said);
}, 120_000);

afterAll(async () => await system?.bed.dispose());

async function assertion(header: Record<string, unknown>): Promise<Answer> {
  const now = Math.floor(Date.now() / 1_000);
  const said = { iss: 'cli_signer', sub: 'cli_signer', aud: system.auth.url, exp: now + 60 };
  const client_assertion = await new SignJWT({ ...said, jti: crypto.randomUUID() })
    .setProtectedHeader({ alg: 'ES256', kid: 'a', ...header })
    .sign(signer);
  return await system.auth.call('POST', '/oauth2/token', {
    form: {
      grant_type: 'client_credentials',
      client_assertion_type: ASSERTION,
      client_assertion,
    },
  });
}

it('H1: members of a key and of a key set that are not understood are ignored', async () => {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
    'sign',
    'verify',
  ]);
  const exported = await crypto.subtle.exportKey('jwk', pair.publicKey);
  const key = { ...exported, kid: 'web' };
  const more = { 'x5t#S256': 'abc', x5c: ['MIIC'], iat: 1_700_000_000 };
  const encryption = { ...key, kid: 'enc', use: 'enc', key_ops: ['deriveKey'] };
  const { failed, said } = await ensureClient('cli_web', {
    keys: [{ ...key, ...more }, encryption],
    foo: 1,
  });
  expect(said).toContain('cli_web');
  expect(failed).toBe(false);
  const [row] = await system.sql`select jwks from clients where id = 'cli_web'`;
  const { kty, crv, x, y } = key;
  expect(row?.['jwks']).toEqual({ keys: [{ kty, crv, x, y, kid: 'web', key_ops: ['verify'] }] });
});

it('H1: the error for a refused JWK gives its kid and the JSON member that is wrong', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const good = { ...publicKey.export({ format: 'jwk' }), kid: 'a' };
  const secret = { ...privateKey.export({ format: 'jwk' }), kid: 'b' };
  const refused = await ensureClient('cli_bad', { keys: [good, secret] });
  expect([refused.failed, refused.said]).toEqual([true, expect.stringContaining('keys[1]')]);
  expect(refused.said).not.toContain(String(secret.d));
  const { kid: _kid, ...unnamed } = good;
  const { said } = await ensureClient('cli_bad', { keys: [unnamed] });
  expect(said).toMatch(/keys\[0\]: kid /);
});

it('H2: a password form is taken as OAuth 2 clients send it', async () => {
  const form = {
    grant_type: 'password',
    username: email,
    password: PASSWORD,
    scope: '',
    client_id: 'app',
    client_secret: '',
  };
  const { status, body } = await system.auth.call('POST', '/v1/login', { form });
  expect([status, body.token_type]).toEqual([200, 'Bearer']);
  const other = { ...form, grant_type: 'client_credentials' };
  expect((await system.auth.call('POST', '/v1/login', { form: other })).status).toBe(400);
});

it('H5: a DPoP proof may be dated by a fraction of a second', async () => {
  const client = await DpopClient.create();
  const claims = { iat: Math.floor(Date.now() / 1_000) + 0.25 };
  const login = { body: { email, password: PASSWORD } };
  const { status, body } = await client.ask(system.auth, '/v1/login', login, { claims });
  expect([status, body.token_type]).toEqual([200, 'DPoP']);
});

it('H6: a client assertion may have the thumbprint of a certificate', async () => {
  const { status } = await assertion({ x5t: 'A1bC2dE3fH4iJ5kL6mN7oP8qR9s' });
  expect(status).toBe(200);
});

it('H7: the type of an assertion is a media type, in any case and spelt out', async () => {
  const { status } = await assertion({ typ: 'application/Client-Authentication+JWT' });
  expect(status).toBe(200);
});

it('H9: the revocation endpoint ignores unknown parameters of the query', async () => {
  const form = { token: 'garbage', client_id: 'cli_first-party' };
  const { status } = await system.auth.call('POST', '/oauth2/revoke?x=1', { form });
  expect(status).toBe(200);
});

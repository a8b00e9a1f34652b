/** H13: RSA keys whose private half anyone can compute (CVE-2017-15361, ROCA). */
import { newId } from '@portcullis/contracts';
import { readKeySet } from '@portcullis/verify';
import { execFile } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startAuthSystem, type AuthSystem } from '../auth-system.ts';
import { createRocaKey } from './roca-key.ts';

const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const COMMAND = join(import.meta.dirname, '..', '..', 'dist', 'commands', 'ensure-client.js');
const roca = createRocaKey();
const sound = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const card = { ...roca.publicJwk, kid: 'card-7' };
const beside = { ...sound.publicKey.export({ format: 'jwk' }), kid: 'beside' };
let system: AuthSystem;

beforeAll(async () => {
  system = await startAuthSystem();
}, 120_000);

afterAll(async () => await system?.bed.dispose());

/** Runs `ensure-client` with this key set. */
async function ensureClient(
  id: string,
  ...keys: unknown[]
): Promise<{ failed: boolean; said: string }> {
  const words = ['--id', id, '--name', 'x', '--scope', 'users:read', '--audience', 'urn:x:y'];
  const env = {
    PATH: process.env['PATH'],
    DATABASE_URL: system.bed.databaseUrls.auth,
    PORTCULLIS_CLIENT_JWKS: JSON.stringify({ keys }),
  };
  return await new Promise((resolve) => {
    execFile(process.execPath, [COMMAND, ...words], { env }, (error, stdout, stderr) =>
      resolve({ failed: error !== null, said: stdout + stderr }),
    );
  });
}

/** The status of a request for a token, proven by this key. */
async function statusFor(id: string, kid: string, key: KeyObject): Promise<number> {
  const exp = Math.floor(Date.now() / 1_000) + 60;
  const said = { iss: id, sub: id, aud: system.auth.url, exp, jti: crypto.randomUUID() };
  const client_assertion = await new SignJWT(said)
    .setProtectedHeader({ alg: 'RS256', kid })
    .sign(key);
  const form = { grant_type: 'client_credentials', client_assertion_type: ASSERTION };
  const answer = await system.auth.call('POST', '/oauth2/token', {
    form: { ...form, client_assertion },
  });
  return answer.status;
}

it('H13: a client key of the ROCA kind is not registered, and the refusal names it', async () => {
  const { failed, said } = await ensureClient('cli_card', beside, card);
  expect(failed).toBe(true);
  expect(said).toContain('keys[1] (kid "card-7")');
  expect(said).toContain('CVE-2017-15361');
  expect(said).not.toContain(String(card.n).slice(0, 20));
});

it('H13: a key of the ROCA kind that is stored already proves nothing, those beside it do', async () => {
  expect((await ensureClient('cli_stored', beside)).failed).toBe(false);
  await system.sql`
    update clients set jwks = ${system.sql.json({ keys: [beside, card] })}
    where id = 'cli_stored'`;
  expect(await statusFor('cli_stored', 'card-7', roca.privateKey)).toBe(401);
  expect(await statusFor('cli_stored', 'beside', sound.privateKey)).toBe(200);
  // And it can be taken out.
  expect(await ensureClient('cli_stored', beside)).toMatchObject({ failed: false });
});

it('H13: a key of the ROCA kind in a key set is left out', () => {
  const [broken, other] = [newId('key'), newId('key')];
  const set = readKeySet({
    keys: [
      { ...card, kid: broken },
      { ...beside, kid: other },
    ],
  });
  expect([...set.keys()]).toEqual([other]);
});

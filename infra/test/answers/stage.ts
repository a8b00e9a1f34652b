/** The three services, with tokens of every kind that their real issuer has signed, or whose key has. */
import { startSystem, type TestSystem } from '@portcullis/testbed';
import { exportJWK, generateKeyPair, calculateJwkThumbprint, SignJWT, type JWK } from 'jose';
import { createHash, randomUUID, sign as signBytes, type KeyObject } from 'node:crypto';
import postgres from 'postgres';
import { openSealedKey } from '../../faults/stage/open-sealed-key.ts';
import { logIn, logOut, register } from '../e2e/calls.ts';

export const AUDIENCES = ['urn:portcullis:auth', 'urn:portcullis:user', 'urn:portcullis:admin'];

/** A client with a key of its own (RFC 9449 section 4). */
export interface KeyHolder {
  jkt: string;
  /** @param claims replace those of an honest proof */
  prove(
    request: { method: string; url: string; token?: string },
    claims?: Record<string, unknown>,
  ): Promise<string>;
}

export interface Tokens {
  /** May do all that a user may. */
  administrator: string;
  newcomer: string;
  machine: string;
  machineWithoutScope: string;
  revoked: string;
  /** Of a user whose roles have changed since. */
  changed: string;
  expired: string;
  ofAnotherAudience: string;
  /** The administrator's, bound to the key of `holder`. */
  bound: string;
}

export interface Stage extends AsyncDisposable {
  system: TestSystem;
  tokens: Tokens;
  holder: KeyHolder;
  /** Holds another key. */
  stranger: KeyHolder;
}

export async function createStage(): Promise<Stage> {
  const system = await startSystem();
  try {
    const [holder, stranger] = [await createKeyHolder(), await createKeyHolder()];
    const tokens = await makeTokens(system, holder);
    return { system, tokens, holder, stranger, [Symbol.asyncDispose]: () => system.bed.dispose() };
  } catch (error) {
    await system.bed.dispose().catch(() => undefined); // the first error is the one that tells
    throw error;
  }
}

async function makeTokens(system: TestSystem, { jkt }: KeyHolder): Promise<Tokens> {
  const { auth } = system;
  const { access_token: administrator } = await logIn(auth.url, system.administrator);
  const sign = await signerOf(system, administrator);
  const of = (token: string) => partOf(token, 1);
  const { access_token: newcomer } = await logIn(auth.url, await register(auth.url));

  const { access_token: revoked } = await logIn(auth.url, await register(auth.url));
  await logOut(auth.url, revoked);
  const { access_token: changed } = await logIn(auth.url, await register(auth.url));
  const roles = `${system.admin.url}/v1/users/${String(of(changed)['sub'])}/roles?wait=5000`;
  const set = await fetch(roles, {
    method: 'PUT',
    headers: { authorization: `Bearer ${administrator}`, 'content-type': 'application/json' },
    body: JSON.stringify({ roles: ['support'] }),
  });
  if (!set.ok) throw new Error(`roles: ${set.status} ${await set.text()}`);

  const machine = of(await machineToken(system));
  const now = Math.floor(Date.now() / 1_000);
  return {
    administrator,
    newcomer,
    machine: sign({ ...machine, aud: AUDIENCES }),
    machineWithoutScope: sign({ ...machine, aud: AUDIENCES, scope: 'keys:write' }),
    revoked,
    changed,
    expired: sign({ ...of(administrator), iat: now - 900, exp: now - 300 }),
    ofAnotherAudience: sign({ ...of(administrator), aud: 'urn:example:other' }),
    bound: sign({ ...of(administrator), cnf: { jkt } }),
  };
}

async function machineToken({ auth, bed }: TestSystem): Promise<string> {
  const secret = secretOf(bed.prefix, 'machine client of admin').toString('base64url');
  const answer = await fetch(`${auth.url}/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`cli_admin:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  if (!answer.ok) throw new Error(`machine token: ${answer.status} ${await answer.text()}`);
  const { access_token: token } = (await answer.json()) as { access_token: string };
  return token;
}

/** As the test bed derives them. */
export function secretOf(prefix: string, purpose: string): Buffer {
  return createHash('sha256').update(`${prefix} ${purpose}`).digest();
}

/** Signs whatever it is told to with the issuer's own key: only what a token says is wrong then. */
async function signerOf({ bed }: TestSystem, token: string) {
  const header = partOf(token, 0);
  const sql = postgres(bed.databaseUrls.auth, { max: 1 });
  const [row] = await sql`select sealed_private_key from signing_keys
    where kid = ${String(header['kid'])}`;
  await sql.end();
  const sealed: Buffer = row?.['sealed_private_key'];
  const secret = secretOf(bed.prefix, 'key encryption');
  const key = openSealedKey(secret, String(header['kid']), sealed);
  return (claims: Record<string, unknown>) => signed(header, claims, key);
}

function signed(header: object, claims: object, key: KeyObject): string {
  const text = [header, claims].map((part) => base64url(JSON.stringify(part))).join('.');
  const signature = signBytes('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}

async function createKeyHolder(): Promise<KeyHolder> {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const jwk: JWK = await exportJWK(publicKey);
  return {
    jkt: await calculateJwkThumbprint(jwk),
    prove: async ({ method, url, token }, claims = {}) =>
      new SignJWT({
        jti: randomUUID(),
        htm: method,
        htu: url,
        iat: Math.floor(Date.now() / 1_000),
        ...(token !== undefined && {
          ath: createHash('sha256').update(token).digest('base64url'),
        }),
        ...claims,
      })
        .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
        .sign(privateKey),
  };
}

function partOf(token: string, part: 0 | 1): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[part] ?? '', 'base64url').toString());
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}

/** Access tokens that a service must not take, over HTTP. */
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { newId } from '@portcullis/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSeal } from '../../src/keys/seal.ts';
import { openPrivateKey } from '../../src/keys/signing-key.ts';
import { partOf, startAuthSystem, type AuthInstance, type AuthSystem } from '../auth-system.ts';
import { createHash, type KeyObject } from 'node:crypto';

let system: AuthSystem;
let auth: AuthInstance;
let good: string;
let header: Record<string, unknown>;
let claims: Record<string, any>;
let key: KeyObject;
let publicPem: string;

const b64 = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** Signed with the real key: only what it says is wrong. */
function signed(head: unknown, body: unknown, signer: KeyObject = key): string {
  const text = `${b64(head)}.${b64(body)}`;
  const signature = sign('sha256', Buffer.from(text), { key: signer, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}

beforeAll(async () => {
  system = await startAuthSystem();
  auth = system.auth;
  good = (await auth.newcomer()).access_token;
  [header, claims] = good
    .split('.')
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString())) as [any, any];
  const seal = createSeal(createHash('sha256').update(system.bed.prefix).digest());
  const [row] = await system.sql`select kid, sealed_private_key from signing_keys`;
  key = openPrivateKey(seal, row?.['kid'], row?.['sealed_private_key']);
  const { body } = await auth.call('GET', '/.well-known/jwks.json');
  publicPem = JSON.stringify(body.keys[0]);
}, 120_000);

afterAll(async () => {
  await system.bed.dispose();
});

const refusal = async (token: string) => {
  const { status, body, headers } = await auth.call('GET', '/v1/sessions', { token });
  return {
    status,
    code: body.code,
    message: body.message,
    challenge: headers.get('www-authenticate'),
  };
};

describe('an access token', () => {
  it('is taken when all is well', async () => {
    expect(await auth.accepts(good)).toBe(true);
    expect(await auth.accepts(signed(header, claims))).toBe(true);
  });

  const cases: [string, () => string][] = [
    ['alg none', () => `${b64({ ...header, alg: 'none' })}.${b64(claims)}.`],
    ['alg None with a signature', () => signed({ ...header, alg: 'None' }, claims)],
    ['an empty signature', () => `${good.split('.').slice(0, 2).join('.')}.`],
    [
      'HS256 with the public key',
      () => {
        const text = `${b64({ ...header, alg: 'HS256' })}.${b64(claims)}`;
        return `${text}.${createHmac('sha256', publicPem).update(text).digest('base64url')}`;
      },
    ],
    ['RS256 in the header', () => signed({ ...header, alg: 'RS256' }, claims)],
    [
      'a DER signature',
      () => {
        const text = `${b64(header)}.${b64(claims)}`;
        return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
      },
    ],
    ['r = s = 0', () => `${b64(header)}.${b64(claims)}.${Buffer.alloc(64).toString('base64url')}`],
    [
      'another key',
      () => signed(header, claims, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey),
    ],
    ['an embedded jwk', () => signed({ ...header, jwk: JSON.parse(publicPem) }, claims)],
    ['a jku', () => signed({ ...header, jku: 'http://127.0.0.1:9/keys' }, claims)],
    ['crit', () => signed({ ...header, crit: ['x'] }, claims)],
    ['no kid', () => signed({ alg: 'ES256', typ: 'at+jwt' }, claims)],
    ['an unknown kid', () => signed({ ...header, kid: newId('key') }, claims)],
    ['a kid that is SQL', () => signed({ ...header, kid: "' or 1=1 --" }, claims)],
    ['a kid of a prototype', () => signed({ ...header, kid: '__proto__' }, claims)],
    ['another typ', () => signed({ ...header, typ: 'JWT' }, claims)],
    ['no typ', () => signed({ alg: 'ES256', kid: header['kid'] }, claims)],
    ['padding', () => `${good}=`],
    ['two tokens', () => `${good},${good}`],
    ['four parts', () => `${good}.${b64('{}')}`],
    ['a huge token', () => signed(header, { ...claims, pad: 'x'.repeat(9_000) })],
    ['an array of claims', () => signed(header, [claims])],
    [
      'a member twice',
      () =>
        signed(
          header,
          JSON.stringify(claims).replace('{', '{"sub":"usr_00000000000000000000000000",'),
        ),
    ],
    ['another issuer', () => signed(header, { ...claims, iss: `${claims['iss']}/` })],
    ['another audience', () => signed(header, { ...claims, aud: 'urn:portcullis:user' })],
    ['a prefix of the audience', () => signed(header, { ...claims, aud: 'urn:portcullis' })],
    [
      'an expired one',
      () => signed(header, { ...claims, iat: claims['iat'] - 900, exp: claims['iat'] - 300 }),
    ],
    ['a life too long', () => signed(header, { ...claims, exp: claims['iat'] + 3_601 })],
    [
      'one from the future',
      () => signed(header, { ...claims, iat: claims['iat'] + 300, exp: claims['exp'] + 300 }),
    ],
    ['nbf in the future', () => signed(header, { ...claims, nbf: claims['iat'] + 300 })],
    ['fractional times', () => signed(header, { ...claims, exp: claims['exp'] + 0.5 })],
    ['times as text', () => signed(header, { ...claims, exp: String(claims['exp']) })],
    ['another user', () => signed(header, { ...claims, sub: newId('usr') })],
    ['another session', () => signed(header, { ...claims, sid: newId('ses') })],
    ['another client', () => signed(header, { ...claims, client_id: 'cli_other' })],
    [
      'a machine of a user',
      () =>
        signed(header, {
          ...claims,
          sub: 'cli_first-party',
          sid: undefined,
          roles: undefined,
          scope: 'users:write',
        }),
    ],
    ...['iss', 'aud', 'sub', 'exp', 'iat', 'jti', 'client_id', 'gen', 'cgen', 'igen', 'roles'].map(
      (name): [string, () => string] => [
        `no ${name}`,
        () => signed(header, { ...claims, [name]: undefined }),
      ],
    ),
    ['negative generations', () => signed(header, { ...claims, gen: -1 })],
    ['a role without a name', () => signed(header, { ...claims, roles: [''] })],
  ];

  it.each(cases)('is refused: %s', async (_name, make) => {
    expect(await refusal(make())).toMatchObject({
      status: 401,
      code: 'invalid_token',
      message: 'The access token is missing, expired, revoked or not valid here.',
    });
  });

  it('is refused below the generation of its client_subject, whatever its session', async () => {
    const { email, access_token: token } = await auth.newcomer();
    const id = await system.idOf(email);
    await system.sql`
      insert into client_subjects (client_id, user_id, generation) values ('cli_shop', ${id}, 1)`;
    expect(await auth.accepts(token)).toBe(true);
    await system.sql`
      insert into client_subjects (client_id, user_id, generation)
      values ('cli_first-party', ${id}, 1)`;
    expect(await auth.accepts(token)).toBe(false);
    expect(await auth.accepts((await auth.logIn(email)).access_token)).toBe(true);
  });

  it(
    'is refused once its key was killed, before the ring of keys knows',
    { timeout: 20_000 },
    async () => {
      const { access_token: token } = await auth.newcomer();
      const { kid } = partOf(token, 0);
      expect(await auth.accepts(token)).toBe(true);
      await system.sql`update signing_keys set killed_at = clock_timestamp() where kid = ${kid}`;
      expect(await auth.accepts(token)).toBe(false);
      await system.sql`update signing_keys set killed_at = null where kid = ${kid}`;
      await expect.poll(() => auth.accepts(token), { timeout: 15_000 }).toBe(true);
    },
  );

  it('is refused after a cut of the client or of the issuer', async () => {
    for (const [table, where] of [
      ['clients', "id = 'cli_first-party'"],
      ['issuer', 'id = 1'],
    ] as const) {
      const { access_token: token } = await auth.newcomer();
      expect(await auth.accepts(token)).toBe(true);
      await system.sql.unsafe(`update ${table} set generation = generation + 1 where ${where}`);
      expect(await auth.accepts(token)).toBe(false);
      expect(await auth.accepts((await auth.newcomer()).access_token)).toBe(true);
    }
  });

  // Last: a token of before is refused from here on.
  it('of 0.2.0, which has no csgen, is taken until its client_subject was ended, whatever the igen', async () => {
    await system.sql`update issuer set generation = generation + 1`;
    const { email, access_token: token } = await auth.newcomer();
    const { csgen, ...before } = partOf(token, 1);
    expect(before['igen']).toBeGreaterThan(0);
    expect(csgen).toBe(before['igen']);
    const old = signed(header, before);
    expect(await auth.accepts(old)).toBe(true);
    await system.sql`
      insert into client_subjects (client_id, user_id, generation)
      values ('cli_first-party', ${await system.idOf(email)}, 1)`;
    expect([await auth.accepts(old), await auth.accepts(token)]).toEqual([false, false]);
    expect(await auth.accepts((await auth.logIn(email)).access_token)).toBe(true);
  });
});

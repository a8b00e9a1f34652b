/** RFC 9449 at the auth service: nonces, binding, and what a bound token is good for without its key. */
import {
  GOOD_PROOFS,
  HOSTILE_PROOFS,
  ProofMaker,
  type ProofVariant,
} from '@portcullis/testbed/dpop-proofs';
import { calculateJwkThumbprint } from 'jose';
import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  basic,
  MACHINE,
  partOf,
  PASSWORD,
  startAuthSystem,
  type Answer,
  type AuthInstance,
  type AuthSystem,
  wholeOf,
} from '../auth-system.ts';
import { DpopClient } from './dpop-client.ts';

let system: AuthSystem;
let auth: AuthInstance;
let other: AuthInstance;
let holder: DpopClient;
let thief: DpopClient;

beforeAll(async () => {
  system = await startAuthSystem({ instances: 2 });
  const [first, second] = system.instances;
  if (first === undefined || second === undefined) throw new Error('two instances were asked for');
  [auth, other] = [first, second];
  [holder, thief] = await Promise.all([DpopClient.create(), DpopClient.create()]);
}, 120_000);

afterAll(async () => {
  await system.bed.dispose();
});

const machine = {
  form: { grant_type: 'client_credentials' },
  headers: basic(MACHINE.id, MACHINE.secret),
};
/** With whatever Host it is given, which `fetch` would not send. @returns the body of the answer */
async function postForm(headers: Record<string, string>): Promise<string> {
  const { hostname, port } = new URL(auth.url);
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  const options = { method: 'POST', hostname, port, path: '/oauth2/token', agent: false };
  const sent = request({ ...options, headers: { ...headers, ...type } });
  sent.end(new URLSearchParams(machine.form).toString());
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve).once('error', reject);
  });
  return await text(await answered);
}

const jktOf = (token: string) => partOf(token, 1)['cnf']?.jkt;

async function boundLogin(client: DpopClient = holder) {
  const { email } = await auth.newcomer();
  const { status, body } = await client.ask(auth, '/v1/login', {
    body: { email, password: PASSWORD },
  });
  expect([status, body.token_type]).toEqual([200, 'DPoP']);
  return body;
}

/** Whether the service takes the token, by this client, or as a bearer. */
async function taken(token: string, client?: DpopClient): Promise<boolean> {
  if (client === undefined) return await auth.accepts(token);
  const { status } = await client.send(auth, '/v1/sessions', { token });
  expect([200, 401]).toContain(status);
  return status === 200;
}

describe('the nonce', () => {
  it('is asked for, is taken by every instance, and comes anew with time', async () => {
    const client = await DpopClient.create();
    const asked = await client.send(auth, '/oauth2/token', machine);
    expect([asked.status, asked.body.error]).toEqual([400, 'use_dpop_nonce']);
    expect(asked.headers.get('dpop-nonce')).toBe(client.nonce);
    const given = await client.send(other, '/oauth2/token', machine, {
      htu: `${auth.url}/oauth2/token`,
    });
    expect([given.status, given.body.token_type]).toEqual([200, 'DPoP']);
    expect(given.headers.get('dpop-nonce')).toBeNull();
    expect(jktOf(given.body.access_token)).toBe(client.jkt);
  });

  it.each([
    ['invented', 'abc.AAAAAAAAAAAAAAAAAAAAAA'],
    ['of another time', `${Math.floor(Date.now() / 1_000 - 10).toString(36)}.{tag}`],
    ['text', 'x'],
    ['a prototype', '__proto__'],
  ])('is no good when it is %s', async (_, nonce) => {
    const client = await DpopClient.create();
    await client.send(auth, '/oauth2/token', machine);
    const tag = client.nonce?.split('.')[1] ?? '';
    const claims = { nonce: nonce.replace('{tag}', tag) };
    const answer = await client.send(auth, '/oauth2/token', machine, { claims });
    expect([answer.status, answer.body.error]).toEqual([400, 'use_dpop_nonce']);
  });

  it('is asked for at login too, in the form of its errors', async () => {
    const client = await DpopClient.create();
    const body = { email: 'nobody@example.test', password: PASSWORD };
    const answer = await client.send(auth, '/v1/login', { body });
    expect([answer.status, answer.body.code]).toEqual([401, 'use_dpop_nonce']);
    expect(answer.headers.get('dpop-nonce')).toBe(client.nonce);
    expect(answer.headers.get('www-authenticate')).toMatch(/^DPoP .*error="use_dpop_nonce"/);
    const refused = await client.send(auth, '/v1/login', { body });
    expect([refused.status, refused.body.code]).toEqual([401, 'invalid_credentials']);
  });
});

describe('a proof', () => {
  it('is good for one of 50 calls at once, over instances', async () => {
    await holder.ask(auth, '/oauth2/token', machine);
    const dpop = await holder.proof('POST', `${auth.url}/oauth2/token`);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        (i % 2 === 0 ? auth : other).call('POST', '/oauth2/token', {
          ...machine,
          headers: { ...machine.headers, dpop },
        }),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const refused = answers.filter(({ status }) => status !== 200);
    expect(new Set(refused.map(({ body }) => body.error))).toEqual(new Set(['invalid_dpop_proof']));
  });

  it.each<[string, () => Record<string, unknown>]>([
    ['another method', () => ({ htm: 'GET' })],
    ['another address', () => ({ htu: 'http://127.0.0.1:1/oauth2/token' })],
    ['an iat of long ago', () => ({ iat: 1_000_000_000 })],
    // Of the moment at which it is sent: the system may have taken long to start.
    ['an iat to come', () => ({ iat: Math.floor(Date.now() / 1_000) + 310 })],
  ])('for %s is refused', async (_, claimsOf) => {
    const claims = claimsOf();
    const { status, body } = await holder.ask(auth, '/oauth2/token', machine, { claims });
    expect([status, body.error]).toEqual([400, 'invalid_dpop_proof']);
  });

  it.each([-280, -30, 30, 280])(
    'may be dated %i s off, since it has our nonce',
    async (seconds) => {
      const claims = { iat: Math.floor(Date.now() / 1_000) + seconds };
      expect((await holder.ask(auth, '/oauth2/token', machine, { claims })).status).toBe(200);
    },
  );

  it.each([
    ['nothing', {}],
    ['Host', { host: 'evil.example' }],
    ['X-Forwarded-Host', { 'x-forwarded-host': 'evil.example' }],
    ['Forwarded', { forwarded: 'host=evil.example' }],
  ])('is judged by the configured address, whatever %s says', async (_, forged) => {
    await holder.ask(auth, '/oauth2/token', machine);
    const dpop = await holder.proof('POST', 'http://evil.example/oauth2/token');
    const body = await postForm({ ...machine.headers, ...forged, dpop });
    expect(JSON.parse(body)).toMatchObject({ error: 'invalid_dpop_proof' });
  });

  it('comes alone', async () => {
    const one = async () => await holder.proof('POST', `${auth.url}/oauth2/token`);
    const dpop = `${await one()}, ${await one()}`;
    const headers = { ...machine.headers, dpop };
    const { status, body } = await auth.call('POST', '/oauth2/token', { ...machine, headers });
    expect([status, body.error]).toEqual([400, 'invalid_dpop_proof']);
  });
});

describe('of the table that all readers of proofs share', () => {
  const maker = new ProofMaker();
  let nonce: string | undefined;
  let refusal: unknown;
  const ask = async (variant?: ProofVariant): Promise<Answer> => {
    const url = `${auth.url}/oauth2/token`;
    const dpop = maker.make({ method: 'POST', url, now: Date.now() / 1_000, nonce }, variant);
    const headers = { ...machine.headers, dpop };
    return await auth.call('POST', '/oauth2/token', { ...machine, headers });
  };

  beforeAll(async () => {
    nonce = (await ask()).headers.get('dpop-nonce') ?? undefined;
    // Every refusal is like this one.
    refusal = wholeOf(await ask({ segments: () => 'a.b.c' }));
    expect(refusal).toMatchObject({ status: 400, body: { error: 'invalid_dpop_proof' } });
  });

  it.each(GOOD_PROOFS)('one with $name is taken', async ({ variant }) => {
    const { status, body } = await ask(variant);
    expect([status, body.token_type]).toEqual([200, 'DPoP']);
    expect(jktOf(body.access_token)).toBe(
      await calculateJwkThumbprint(maker.jwk(variant.by ?? 'ES256')),
    );
  });

  it.each(HOSTILE_PROOFS)('one with $name is refused like any other', async ({ variant }) => {
    expect(wholeOf(await ask(variant))).toEqual(refusal);
  });
});

describe('a bound session', () => {
  it('has access tokens that are good with the key, and not without', async () => {
    const { access_token: token } = await boundLogin();
    expect(jktOf(token)).toBe(holder.jkt);
    expect(await taken(token, holder)).toBe(true);
    expect(await taken(token)).toBe(false);
    expect(await taken(token, thief)).toBe(false);
    const answer = await auth.call('GET', '/v1/sessions', { token });
    expect(answer.headers.get('www-authenticate')).toMatch(
      /^Bearer .*error="invalid_token", DPoP algs="ES256 EdDSA Ed25519"$/,
    );
    // And an unbound token is none with that scheme.
    const { access_token: unbound } = await auth.newcomer();
    expect(await taken(unbound, holder)).toBe(false);
    expect(await taken(unbound)).toBe(true);
  });

  it('has a proof for each request, and for that token', async () => {
    const [one, another] = [await boundLogin(), await boundLogin()];
    const htu = `${auth.url}/v1/sessions`;
    const dpop = await holder.proof('GET', htu, { token: one.access_token });
    const call = async (token: string, proof = dpop) =>
      await auth.call('GET', '/v1/sessions', {
        headers: { authorization: `DPoP ${token}`, dpop: proof },
      });
    expect((await call(another.access_token)).body.code).toBe('invalid_dpop_proof');
    expect((await call(one.access_token)).status).toBe(200);
    const again = await call(one.access_token);
    expect([again.status, again.body.code]).toEqual([401, 'invalid_dpop_proof']);
    expect(again.headers.get('www-authenticate')).toMatch(/^DPoP .*error="invalid_dpop_proof"/);
    const without = await auth.call('GET', '/v1/sessions', {
      headers: { authorization: `DPoP ${one.access_token}` },
    });
    expect([without.status, without.body.code]).toEqual([401, 'invalid_dpop_proof']);
  });

  it('proves it once for all calls of a batch', async () => {
    const { access_token: token } = await boundLogin();
    const path = '/trpc/sessions.list,sessions.list';
    const { status, body } = await holder.send(auth, `${path}?batch=1&input=%7B%7D`, { token });
    expect(status).toBe(200);
    expect(body).toHaveLength(2);
  });

  it('a bound refresh token works with its key, and survives attempts with another', async () => {
    const first = await boundLogin();
    const body = { refresh_token: first.refresh_token };
    const form = { grant_type: 'refresh_token', ...body };
    expect((await auth.call('POST', '/v1/refresh', { body })).body.code).toBe(
      'invalid_refresh_token',
    );
    expect((await auth.call('POST', '/oauth2/token', { form })).body.error).toBe('invalid_grant');
    expect((await thief.ask(auth, '/v1/refresh', { body })).body.code).toBe(
      'invalid_refresh_token',
    );
    expect((await thief.ask(auth, '/oauth2/token', { form })).body.error).toBe('invalid_grant');
    const next = await holder.ask(auth, '/oauth2/token', { form });
    expect([next.status, next.body.token_type]).toEqual([200, 'DPoP']);
    expect(await taken(next.body.access_token, holder)).toBe(true);
    const last = await holder.ask(auth, '/v1/refresh', {
      body: { refresh_token: next.body.refresh_token },
    });
    expect([last.status, jktOf(last.body.access_token)]).toEqual([200, holder.jkt]);
    // A copy of a token that was used would end an unbound session; without the key it does nothing.
    expect((await thief.ask(auth, '/v1/refresh', { body })).status).toBe(401);
    expect(await taken(last.body.access_token, holder)).toBe(true);
    // With it, it does.
    expect((await holder.ask(auth, '/v1/refresh', { body })).status).toBe(401);
    expect(await taken(last.body.access_token, holder)).toBe(false);
  });

  it('keeps its refresh token when a proof was no good', async () => {
    const { refresh_token } = await boundLogin();
    const body = { refresh_token };
    const late = { claims: { iat: 1_000_000_000 } };
    const bad = await holder.ask(auth, '/v1/refresh', { body }, late);
    expect([bad.status, bad.body.code]).toEqual([401, 'invalid_dpop_proof']);
    expect((await holder.ask(auth, '/v1/refresh', { body })).status).toBe(200);
  });

  it('may begin with a refresh: from then on it is bound', async () => {
    const user = await auth.newcomer();
    const bound = await holder.ask(auth, '/v1/refresh', {
      body: { refresh_token: user.refresh_token },
    });
    expect([bound.status, bound.body.token_type]).toEqual([200, 'DPoP']);
    const body = { refresh_token: bound.body.refresh_token };
    expect((await auth.call('POST', '/v1/refresh', { body })).status).toBe(401);
    expect((await holder.ask(auth, '/v1/refresh', { body })).status).toBe(200);
  });

  it.each([
    ['without a key', async (body: object) => await auth.call('POST', '/v1/refresh', { body })],
    ['with another key', async (body: object) => await holder.ask(auth, '/v1/refresh', { body })],
  ])('ends when the token that a copy was bound by is offered %s', async (_how, offer) => {
    const user = await auth.newcomer();
    const copied = { refresh_token: user.refresh_token };
    const stolen = await thief.ask(auth, '/v1/refresh', { body: copied });
    expect([stolen.status, stolen.body.token_type]).toEqual([200, 'DPoP']);
    // However often it is refreshed in between.
    const later = await thief.ask(auth, '/v1/refresh', {
      body: { refresh_token: stolen.body.refresh_token },
    });
    expect(later.status).toBe(200);
    expect(await taken(later.body.access_token, thief)).toBe(true);

    const refused = await offer(copied);
    expect([refused.status, refused.body.code]).toEqual([401, 'invalid_refresh_token']);

    expect(await taken(later.body.access_token, thief)).toBe(false);
    const body = { refresh_token: later.body.refresh_token };
    expect((await thief.ask(auth, '/v1/refresh', { body })).status).toBe(401);
    const ended = await system.sql`
      select l.reason from sessions s join revocation_log l on l.id = s.ended_by
      where s.id = ${user.session_id}`;
    expect(ended).toEqual([{ reason: 'refresh_reuse' }]);
  });

  it('gives its answer again to who has the key, and is bound by no repetition', async () => {
    const user = await auth.newcomer();
    const body = { refresh_token: user.refresh_token };
    const [first, again] = [
      await holder.ask(auth, '/v1/refresh', { body }),
      await holder.ask(auth, '/v1/refresh', { body }),
    ];
    expect([first.status, again.status]).toEqual([200, 200]);
    expect(again.body.refresh_token).toBe(first.body.refresh_token);

    const second = await auth.newcomer();
    const copied = { refresh_token: second.refresh_token };
    const owners = await auth.call('POST', '/v1/refresh', { body: copied });
    expect(owners.status).toBe(200);
    expect((await thief.ask(auth, '/v1/refresh', { body: copied })).status).toBe(401);
    expect(await auth.accepts(owners.body.access_token)).toBe(false);
  });

  it('a bound session is ended by its holder, and by no one who has copied a token', async () => {
    const { access_token: token } = await boundLogin();
    expect((await auth.call('POST', '/v1/logout', { token })).status).toBe(401);
    expect((await thief.send(auth, '/v1/logout', { token, body: {} })).status).toBe(401);
    expect(await taken(token, holder)).toBe(true);
    expect((await holder.send(auth, '/v1/logout', { token, body: {} })).status).toBe(200);
    expect(await taken(token, holder)).toBe(false);
    // Asked again, with the proof of a token that was taken back: the receipt once more.
    expect((await holder.send(auth, '/v1/logout', { token, body: {} })).status).toBe(200);
    expect((await auth.call('POST', '/v1/logout', { token })).status).toBe(401);
  });
});

it('introspection tells of the binding, and revocation asks for no key', async () => {
  const { access_token: token } = await boundLogin();
  await system.sql`update clients set scopes = scopes || '{tokens:introspect}' where id = ${MACHINE.id}`;
  const introspect = async () =>
    (await auth.call('POST', '/oauth2/introspect', { form: { token }, headers: machine.headers }))
      .body;
  expect(await introspect()).toMatchObject({
    active: true,
    token_type: 'DPoP',
    cnf: { jkt: holder.jkt },
  });
  const form = { token, client_id: 'cli_first-party' };
  expect((await auth.call('POST', '/oauth2/revoke', { form })).status).toBe(200);
  expect(await introspect()).toEqual({ active: false });
  expect(await taken(token, holder)).toBe(false);
});

it('binds no tokens that travel in cookies, which nothing would prove', async () => {
  const { email } = await auth.newcomer();
  const headers = { 'sec-fetch-site': 'same-origin' };
  const body = { email, password: PASSWORD, transport: 'cookie' };
  const refused = await holder.ask(auth, '/v1/login', { body, headers });
  expect([refused.status, refused.body.code]).toEqual([400, 'invalid_request']);
  expect(refused.headers.getSetCookie()).toEqual([]);

  const login = await auth.call('POST', '/v1/login', { body, headers });
  const cookie = login.headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0])
    .join('; ');
  const own = { ...headers, cookie };
  expect((await holder.ask(auth, '/v1/refresh', { body: {}, headers: own })).status).toBe(400);
  expect((await auth.call('POST', '/v1/refresh', { body: {}, headers: own })).status).toBe(200);
});

it('the metadata names the algorithms', async () => {
  const { body } = await auth.call('GET', '/.well-known/oauth-authorization-server');
  expect(body.dpop_signing_alg_values_supported).toEqual(['ES256', 'EdDSA', 'Ed25519']);
});

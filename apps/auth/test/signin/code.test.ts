/** The way back to an application: who may ask, where users are sent, and what a code is good for. */
import { randomBytes } from 'node:crypto';
import { rounds, testSeed } from '@portcullis/testbed';
import { seededRandom } from '@portcullis/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD, partOf, startAuthSystem, type AuthSystem } from '../auth-system.ts';
import { codeOf as oneTimeCode, enrolled, type TotpUser } from '../factor/totp-user.ts';
import {
  APP,
  ask,
  codeOf,
  exchangeForm,
  fieldOf,
  makeApplication,
  open,
  REDIRECT,
  send,
  sentTo,
  type Asked,
} from './browser-form.ts';

const SEED = testSeed();
let system: AuthSystem;
let email: string;

beforeAll(async () => {
  system = await startAuthSystem({ instances: 2 });
  await makeApplication(system);
  await makeApplication(system, 'cli_other', ['https://other.example.test/back']);
  ({ email } = await system.auth.newcomer());
}, 120_000);
afterAll(async () => await system.bed.dispose());

const exchange = async (asked: Asked, code: string, changes: Record<string, string> = {}) =>
  await system.auth.call('POST', '/oauth2/token', { form: exchangeForm(asked, code, changes) });

const outcome = ({ status, body }: { status: number; body: any }) =>
  `${status} ${body.error ?? body.code ?? body.token_type}`;

describe('the way to a code and back', () => {
  it('ends with a session of the application, that refreshes and logs out', async () => {
    const asked = ask();
    const first = await open(system.auth, `/oauth2/authorize?${asked.query}`);
    expect(first.status).toBe(303);
    expect(first.headers.get('location')).toBe(`../signin?${asked.query}`);
    const answer = await send(system.auth, `/signin?${asked.query}`, { email, password: PASSWORD });
    const back = sentTo(answer);
    expect(back.href.startsWith(`${REDIRECT}&code=pac_`)).toBe(true);
    expect(back.searchParams.get('state')).toBe(asked.state);
    expect(back.searchParams.get('iss')).toBe(system.auth.url);
    expect(answer.headers.getSetCookie()).toEqual([]);

    const { status, body } = await exchange(asked, back.searchParams.get('code') ?? '');
    expect(status).toBe(200);
    const claims = partOf(body.access_token, 1);
    expect(claims).toMatchObject({ client_id: APP, sub: await system.idOf(email), amr: ['pwd'] });
    const refreshed = await system.auth.call('POST', '/oauth2/token', {
      form: { grant_type: 'refresh_token', client_id: APP, refresh_token: body.refresh_token },
    });
    expect(outcome(refreshed)).toBe('200 Bearer');
    const out = await system.auth.call('POST', '/v1/logout', {
      token: refreshed.body.access_token,
    });
    expect(out.status).toBe(200);
    expect(await system.auth.accepts(refreshed.body.access_token)).toBe(false);
  });

  it('is the same by JSON, which the SDK sends', async () => {
    const asked = ask();
    const body = {
      code: await codeOf(system.auth, email, asked),
      code_verifier: asked.verifier,
      redirect_uri: REDIRECT,
      client_id: APP,
    };
    const answer = await system.auth.call('POST', '/v1/login/complete', { body });
    expect(outcome(answer)).toBe('200 Bearer');
    const again = await system.auth.call('POST', '/v1/login/complete', { body });
    expect(outcome(again)).toBe('400 invalid_code');
  });

  it.each([
    ['totp', (user: TotpUser) => oneTimeCode(user.secret, 1)],
    ['recovery-code', ({ recoveryCodes: [first = ''] }: TotpUser) => first],
  ] as const)('takes a further step: %s, once', async (method, answerOf) => {
    const user = await enrolled(system);
    const answer = answerOf(user);
    const asked = ask();
    const path = `/signin?${asked.query}`;
    const begin = async () => {
      const page = await send(system.auth, path, { email: user.email, password: PASSWORD });
      expect(fieldOf(page, 'methods')).toBe('totp recovery-code');
      return { method, methods: 'totp recovery-code', challenge: fieldOf(page, 'challenge') };
    };
    const step = await begin();
    const wrong = await send(system.auth, path, { ...step, answer: '000000' });
    expect(wrong.status).toBe(401);
    expect(wrong.text).toContain(`value="${method}" checked`);
    const right = sentTo(await send(system.auth, path, { ...step, answer }));
    const { body } = await exchange(asked, right.searchParams.get('code') ?? '');
    expect(partOf(body.access_token, 1)).toMatchObject({ amr: ['pwd', 'otp'], sub: user.id });
    const again = await send(system.auth, path, { ...(await begin()), answer });
    expect([again.status, again.headers.get('location')]).toEqual([401, null]);
  });

  it('leaves nothing at rest that makes a token', async () => {
    const asked = ask();
    const code = await codeOf(system.auth, email, asked);
    const [row] = await system.sql`
      select c::text as row from authorization_codes c order by expires_at desc limit 1`;
    expect(row?.['row']).not.toContain(code.slice(4));
    expect(row?.['row']).not.toContain(Buffer.from('prt_').toString('hex'));
  });
});

describe('a code', () => {
  const wrong: [string, Record<string, string>, string][] = [
    ['another verifier', { code_verifier: randomBytes(32).toString('base64url') }, 'invalid_grant'],
    ['another client', { client_id: 'cli_other' }, 'invalid_grant'],
    ['another redirect_uri', { redirect_uri: 'https://shop.example.test/back' }, 'invalid_grant'],
    ['no client', { client_id: '' }, 'invalid_client'],
    ['no verifier', { code_verifier: '' }, 'invalid_request'],
    ['a resource that is none', { resource: 'urn:example:none' }, 'invalid_target'],
    ['another code', { code: `pac_${randomBytes(32).toString('base64url')}` }, 'invalid_grant'],
    ['what is no code', { code: 'pac_' }, 'invalid_grant'],
  ];
  it.each(wrong)('is refused with %s, and used up by none of it', async (_, changes, error) => {
    const asked = ask();
    const code = await codeOf(system.auth, email, asked);
    expect((await exchange(asked, code, changes)).body.error).toBe(error);
    expect(outcome(await exchange(asked, code))).toBe('200 Bearer');
  });

  it('is refused after its minute, and its session is over with it', async () => {
    const asked = ask();
    const code = await codeOf(system.auth, email, asked);
    const [row] = await system.sql`
      select s.id, extract(epoch from s.idle_expires_at - clock_timestamp())::float8 as left,
        extract(epoch from c.expires_at - clock_timestamp())::float8 as code_left
      from authorization_codes c join sessions s on s.id = c.session_id
      order by c.expires_at desc limit 1`;
    expect(row?.['left']).toBeLessThanOrEqual(60);
    expect(row?.['code_left']).toBeGreaterThan(40);
    await system.sql`
      update authorization_codes set expires_at = clock_timestamp() where session_id = ${row?.['id']}`;
    expect(outcome(await exchange(asked, code))).toBe('400 invalid_grant');
  });

  it('ends the session that it opened when it is offered again', async () => {
    const asked = ask();
    const code = await codeOf(system.auth, email, asked);
    const { body } = await exchange(asked, code);
    expect(await system.auth.accepts(body.access_token)).toBe(true);
    expect(outcome(await exchange(asked, code, { code_verifier: 'x'.repeat(43) }))).toBe(
      '400 invalid_grant',
    );
    expect(await system.auth.accepts(body.access_token)).toBe(false);
    const audit = await system.sql`
      select 1 from audit_log where action = 'session.code-reused'
        and target_id = ${partOf(body.access_token, 1)['sid']}`;
    expect(audit).toHaveLength(1);
    const revoked = await system.sql`
      select 1 from revocation_log where kind = 'session' and key = ${partOf(body.access_token, 1)['sid']}`;
    expect(revoked).toHaveLength(1);
  });

  it('is worth nothing once the password has been changed', async () => {
    const user = await system.auth.newcomer();
    const asked = ask();
    const code = await codeOf(system.auth, user.email, asked);
    const changed = await system.auth.call('POST', '/v1/password/change', {
      token: user.access_token,
      body: { current_password: PASSWORD, new_password: 'a lantern above the western gate' },
    });
    expect(changed.status).toBe(200);
    expect(outcome(await exchange(asked, code))).toBe('400 invalid_grant');
  });

  const times = rounds({ short: 4, long: 100 });
  it(
    `opens one session for 50 exchanges at once on two instances, ${times} times (seed ${SEED})`,
    { timeout: 120_000 },
    async () => {
      const random = seededRandom(SEED);
      for (let round = 0; round < times; round += 1) {
        const asked = ask();
        const code = await codeOf(system.auth, email, asked);
        const form = exchangeForm(asked, code);
        const answers = await Promise.all(
          Array.from({ length: 50 }, () => {
            const instance = system.instances[random() < 0.5 ? 0 : 1] ?? system.auth;
            return instance.call('POST', '/oauth2/token', { form });
          }),
        );
        const good = answers.filter(({ status }) => status === 200);
        expect(good, `seed ${SEED}, round ${round}`).toHaveLength(1);
        const others = new Set(answers.filter((one) => one.status !== 200).map(outcome));
        // Under load some wait too long for each other.
        others.delete('503 temporarily_unavailable');
        expect([...others]).toEqual(['400 invalid_grant']);
        // The others were second uses.
        expect(await system.auth.accepts(good[0]?.body.access_token)).toBe(false);
      }
    },
  );
});

describe('an authorization request', () => {
  const strangers: [string, Record<string, string | null>][] = [
    ['of a client that is none', { client_id: 'cli_none' }],
    ['of a client without addresses', { client_id: 'cli_first-party' }],
    ['of a machine client', { client_id: 'cli_test-admin' }],
    ['without a client', { client_id: null }],
    ['without a redirect_uri', { redirect_uri: null }],
    ['to another path', { redirect_uri: 'https://shop.example.test/other' }],
    ['to a longer path', { redirect_uri: `${REDIRECT}&more` }],
    ['to another host', { redirect_uri: 'https://example.test/back?from=auth' }],
    ['to a host that begins alike', { redirect_uri: 'https://shop.example.test.example/back' }],
    ['to a user of that name', { redirect_uri: 'https://shop.example.test@example.org/back' }],
    ['to the address of another client', { redirect_uri: 'https://other.example.test/back' }],
    ['in other letters', { redirect_uri: REDIRECT.replace('shop', 'SHOP') }],
    ['with a port', { redirect_uri: REDIRECT.replace('.test/', '.test:443/') }],
    ['with a fragment', { redirect_uri: `${REDIRECT}#a` }],
    ['with a relative path', { redirect_uri: '/back' }],
    ['without a scheme', { redirect_uri: '//shop.example.test/back?from=auth' }],
    ['to a script', { redirect_uri: 'javascript:0' }],
    ['with a line break', { redirect_uri: `${REDIRECT}\r\nx: y` }],
  ];
  it.each(strangers)('%s gets a page, and goes nowhere', async (_, changes) => {
    const { query } = ask(changes);
    for (const path of ['/oauth2/authorize', '/signin', '/signup', '/forgot']) {
      const page = await open(system.auth, `${path}?${query}`);
      expect([page.status, page.headers.get('location')]).toEqual([400, null]);
      expect(page.text).not.toContain('<form');
    }
    const sent = await send(system.auth, `/signin?${query}`, { email, password: PASSWORD });
    expect([sent.status, sent.headers.get('location')]).toEqual([400, null]);
    expect(sent.headers.getSetCookie()).toEqual([]);
  });

  it('with a member twice goes nowhere', async () => {
    const query = `${ask().query}&redirect_uri=https://example.org/`;
    for (const path of ['/oauth2/authorize', '/signin']) {
      const page = await open(system.auth, `${path}?${query}`);
      expect([page.status, page.headers.get('location')]).toEqual([400, null]);
    }
  });

  const refused: [string, Record<string, string | null>, string][] = [
    ['another response_type', { response_type: 'token' }, 'unsupported_response_type'],
    ['no response_type', { response_type: null }, 'invalid_request'],
    ['no challenge', { code_challenge: null }, 'invalid_request'],
    ['a plain challenge', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['no method', { code_challenge_method: null }, 'invalid_request'],
    ['a challenge that is no hash', { code_challenge: 'a'.repeat(42) }, 'invalid_request'],
    ['a fragment for an answer', { response_mode: 'fragment' }, 'invalid_request'],
    ['a scope', { scope: 'openid' }, 'invalid_scope'],
    ['a resource', { resource: 'urn:example:any' }, 'invalid_target'],
    ['a request object', { request: 'a.b.c' }, 'request_not_supported'],
    ['a request by address', { request_uri: 'urn:x' }, 'request_uri_not_supported'],
  ];
  it.each(refused)('with %s goes back with the reason', async (_, changes, error) => {
    const { query, state } = ask(changes);
    const back = sentTo(await open(system.auth, `/oauth2/authorize?${query}`));
    expect(back.href.startsWith(`${REDIRECT}&error=`)).toBe(true);
    expect(Object.fromEntries(back.searchParams)).toEqual({
      from: 'auth',
      error,
      state,
      iss: system.auth.url,
    });
    const sent = await send(system.auth, `/signin?${query}`, { email, password: PASSWORD });
    expect(sentTo(sent).searchParams.has('code')).toBe(false);
  });

  it('of an application that is disabled is none', async () => {
    await makeApplication(system, 'cli_gone', [REDIRECT]);
    await system.sql`update clients set disabled_at = now() where id = 'cli_gone'`;
    const { query } = ask({ client_id: 'cli_gone' });
    expect((await open(system.auth, `/oauth2/authorize?${query}`)).status).toBe(400);
  });
});

it('is in the metadata', async () => {
  const { body } = await system.auth.call('GET', '/.well-known/oauth-authorization-server');
  expect(body).toMatchObject({
    authorization_endpoint: `${system.auth.url}/oauth2/authorize`,
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
  });
});

/** RFC 7009: what is taken back, by whom, and what is said about it. */
import { newId } from '@portcullis/contracts';
import { receipt } from '@portcullis/contracts/schemas';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  basic,
  MACHINE,
  partOf,
  startAuthSystem,
  type Answer,
  type AuthInstance,
  type AuthSystem,
} from '../auth-system.ts';

const FIRST_PARTY = { client_id: 'cli_first-party' };
const asMachine = basic(MACHINE.id, MACHINE.secret);
let system: AuthSystem;
let auth: AuthInstance;
let other: AuthInstance;

beforeAll(async () => {
  system = await startAuthSystem({ instances: 2 });
  const [first, second] = system.instances;
  if (first === undefined || second === undefined) throw new Error('two instances were asked for');
  [auth, other] = [first, second];
}, 120_000);

afterAll(async () => {
  await system.bed.dispose();
});

const revoke = async (
  form: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Answer> => await auth.call('POST', '/oauth2/revoke', { form, headers });

const eventsOf = async (key: string): Promise<string[]> => {
  const rows = await system.sql`select kind from revocation_log where key = ${key}`;
  return rows.map(({ kind }) => kind);
};

describe('an access token', () => {
  it('is refused by every instance from then on, and its session goes on', async () => {
    const user = await auth.newcomer();
    const token = user.access_token;
    const jti = partOf(token, 1)['jti'];
    const { status, headers, body } = await revoke({ token, ...FIRST_PARTY });
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(receipt.parse(body).revoked).toEqual({ kind: 'token', id: jti });
    for (const instance of [auth, other]) {
      expect(await instance.accepts(token)).toBe(false);
      expect((await instance.call('POST', '/v1/logout', { token })).status).toBe(401);
    }
    const { body: next } = await auth.refresh(user.refresh_token);
    expect(await other.accepts(next.access_token)).toBe(true);
  });

  it('an access token of a client is revoked by that client', async () => {
    const token = await auth.machineToken();
    expect((await revoke({ token }, asMachine)).status).toBe(200);
    const list = await other.call('GET', '/trpc/accounts.list?input=%7B%7D', { token });
    expect(list.status).toBe(401);
    expect((await other.query('accounts.list', {})).status).toBe(200);
  });

  it('a token is revoked once, however many requests ask', async () => {
    const { access_token: token } = await auth.newcomer();
    const jti = partOf(token, 1)['jti'];
    const form = { token, ...FIRST_PARTY };
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        (i % 2 === 0 ? auth : other).call('POST', '/oauth2/revoke?wait=0', { form }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(new Set(answers.map(({ body }) => body.committed_at)).size).toBe(1);
    expect(await eventsOf(jti)).toEqual(['token']);
  });
});

describe('a refresh token', () => {
  it('takes its session with it', async () => {
    const user = await auth.newcomer();
    const { status, body } = await revoke({
      token: user.refresh_token,
      token_type_hint: 'refresh_token',
      ...FIRST_PARTY,
    });
    expect([status, body.revoked]).toEqual([200, { kind: 'session', id: user.session_id }]);
    expect(await other.accepts(user.access_token)).toBe(false);
    expect((await other.refresh(user.refresh_token)).status).toBe(401);
    const again = await revoke({ token: user.refresh_token, ...FIRST_PARTY });
    expect(again.body.committed_at).toBe(body.committed_at);
    expect(await eventsOf(user.session_id)).toEqual(['session']);
  });

  it('that was used before takes it too', async () => {
    const user = await auth.newcomer();
    const { body: next } = await auth.refresh(user.refresh_token);
    expect((await revoke({ token: user.refresh_token, ...FIRST_PARTY })).status).toBe(200);
    expect(await auth.accepts(next.access_token)).toBe(false);
  });
});

describe('who may', () => {
  it('leaves the tokens of other clients alone', async () => {
    const user = await auth.newcomer();
    const machines = await auth.machineToken();
    for (const [token, headers, form] of [
      [user.access_token, asMachine, {}],
      [user.refresh_token, asMachine, {}],
      [machines, {}, FIRST_PARTY],
    ] as const) {
      const { status, body } = await revoke({ token, ...form }, headers);
      expect([status, body.error]).toEqual([400, 'invalid_grant']);
    }
    expect(await auth.accepts(user.access_token)).toBe(true);
    expect((await auth.refresh(user.refresh_token)).status).toBe(200);
    const list = await auth.call('GET', '/trpc/accounts.list?input=%7B%7D', { token: machines });
    expect(list.status).toBe(200);
  });

  it.each<[string, Record<string, string>, Record<string, string>, number, string]>([
    ['no client', {}, {}, 401, 'invalid_client'],
    ['a machine by its name', { client_id: MACHINE.id }, {}, 401, 'invalid_client'],
    ['an unknown client', { client_id: 'cli_unknown' }, {}, 401, 'invalid_client'],
    ['a wrong secret', {}, basic(MACHINE.id, 'x'.repeat(32)), 401, 'invalid_client'],
    ['two at once', FIRST_PARTY, asMachine, 400, 'invalid_request'],
  ])('refuses %s', async (_, form, headers, status, error) => {
    const { access_token: token } = await auth.newcomer();
    const answer = await revoke({ token, ...form }, headers);
    expect([answer.status, answer.body.error]).toEqual([status, error]);
    if (status === 401) expect(answer.headers.get('www-authenticate')).toMatch(/^Basic /);
    expect(await auth.accepts(token)).toBe(true);
  });
});

describe('what is nothing to take back', () => {
  it('is answered 200, and leaves nothing behind', async () => {
    const user = await auth.newcomer();
    const [header, , signature] = user.access_token.split('.');
    const [{ n: before } = { n: -1 }] = await system.sql`select count(*) n from revocation_log`;
    for (const token of [
      'x',
      newId('tok'),
      `prt_${'0'.repeat(26)}${'A'.repeat(64)}`,
      user.access_token.slice(0, -2),
      `${header}.${Buffer.from('{"client_id":"cli_first-party"}').toString('base64url')}.${signature}`,
      'y'.repeat(10_000),
    ]) {
      const { status, body } = await revoke({ token, ...FIRST_PARTY });
      expect([status, body]).toEqual([200, {}]);
    }
    const [{ n: after } = { n: -2 }] = await system.sql`select count(*) n from revocation_log`;
    expect(after).toBe(before);
  });

  it.each<[string, Parameters<AuthInstance['call']>[2], string]>([
    ['no token', { form: FIRST_PARTY }, '/oauth2/revoke'],
    ['an empty token', { form: { token: '', ...FIRST_PARTY } }, '/oauth2/revoke'],
    ['JSON', { body: { token: 'x', ...FIRST_PARTY } }, '/oauth2/revoke'],
    [
      'a token given twice',
      { form: 'token=a&token=b&client_id=cli_first-party' },
      '/oauth2/revoke',
    ],
    ['a token in the query', { form: FIRST_PARTY }, '/oauth2/revoke?token=x'],
    ['a wait without end', { form: { token: 'x', ...FIRST_PARTY } }, '/oauth2/revoke?wait=99999'],
  ])('but %s is refused', async (_, options, path) => {
    const { status, body } = await auth.call('POST', path, options);
    expect([status, body.error]).toEqual([400, 'invalid_request']);
  });
});

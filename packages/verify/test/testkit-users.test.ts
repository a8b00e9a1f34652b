/** What the testkit gives to the tests of other people's services, by a verifier and a guard over HTTP. */
import { createTestClock, createTestIssuer, type TestIssuer } from '@portcullis/testkit';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createVerifier, type Verifier } from '../src/index.ts';
import { createGuard } from '../src/guard/index.ts';

let issuer: TestIssuer;
let verifier: Verifier;
let server: Server;
let url: string;

beforeAll(async () => {
  issuer = await createTestIssuer({ audience: 'urn:acme:orders' });
  verifier = await createVerifier({ ...issuer.verifierOptions(), service: 'orders' });
  await verifier.ready();
  const guards = {
    '/orders': createGuard(verifier, { cookies: {} }),
    '/support': createGuard(verifier, { require: { role: 'support' } }),
    '/machines': createGuard(verifier, { require: { scope: 'users:read' } }),
  };
  server = createServer((request, response) => {
    const [, guard] = Object.entries(guards).find(([path]) => request.url === path) ?? [];
    const answered = async (): Promise<void> => {
      const checked = await guard?.check(request);
      if (checked?.answer === undefined) response.end('{"code":"ok"}');
      else response.writeHead(checked.answer.status).end(JSON.stringify(checked.answer.body));
    };
    answered().catch(() => response.writeHead(500).end('{}'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.close();
  await verifier[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});

/** The status, and the code of what was refused. */
async function ask(headers: Record<string, string>, path = '/orders'): Promise<string> {
  const answer = await fetch(`${url}${path}`, { headers });
  const { code } = (await answer.json()) as { code: string };
  return `${answer.status} ${code}`;
}

describe('a user in one line', () => {
  test('is let in by its header, and by its cookie', async () => {
    const { headers, cookieHeaders, cookies, token } = await issuer.signIn();
    expect(await ask(headers)).toBe('200 ok');
    expect(await ask({ ...cookieHeaders })).toBe('200 ok');
    expect(cookies).toEqual([{ name: '__Host-portcullis-access', value: token }]);
  });

  test('has the roles that it was given', async () => {
    expect(await ask((await issuer.signIn()).headers, '/support')).toBe('403 insufficient_scope');
    const { headers } = await issuer.signIn({ roles: ['support'] });
    expect(await ask(headers, '/support')).toBe('200 ok');
  });

  test.each([
    ['good', '200 ok'],
    ['expired', '401 invalid_token'],
    ['revoked', '401 invalid_token'],
    ['stale', '401 token_stale'],
    ['wrong_audience', '401 invalid_token'],
  ] as const)('that is %s is answered %s', async (state, answer) => {
    expect(await ask((await issuer.signIn({ state })).headers)).toBe(answer);
  });

  test('has any other claim', async () => {
    const { headers } = await issuer.signIn({ claims: { sid: undefined } });
    expect(await ask(headers)).toBe('401 invalid_token');
    await expect(issuer.signIn({ userId: 'ada' })).rejects.toThrow(/userId has to be/);
  });
});

test.each([
  ['good', '200 ok'],
  ['expired', '401 invalid_token'],
  ['revoked', '401 invalid_token'],
  ['wrong_audience', '401 invalid_token'],
] as const)('a machine that is %s is answered %s', async (state, answer) => {
  const { headers } = await issuer.signInMachine({ scope: 'users:read', state });
  expect(await ask(headers, '/machines')).toBe(answer);
  const { headers: without } = await issuer.signInMachine();
  expect(await ask(without, '/machines')).toBe('403 insufficient_scope');
});

describe('revoke', () => {
  test.each([
    ['session', '401 invalid_token'],
    ['user', '401 invalid_token'],
    ['claims', '401 token_stale'],
    ['token', '401 invalid_token'],
  ] as const)(
    'of its %s: %s at the next call, and the user signs in again',
    async (what, answer) => {
      const user = await issuer.signIn();
      const other = await issuer.signIn();
      expect(await ask(user.headers)).toBe('200 ok');
      issuer.revoke(user, what);
      expect(await ask(user.headers)).toBe(answer);
      expect(await ask(other.headers)).toBe('200 ok');
      const again = await issuer.signIn({ userId: user.userId });
      expect(again.userId).toBe(user.userId);
      expect(await ask(again.headers)).toBe('200 ok');
      issuer.revoke(again.token, what);
      expect(await ask(again.headers)).toBe(answer);
    },
  );

  test('of a key, and of a client', async () => {
    const machine = await issuer.signInMachine({ scope: 'users:read', clientId: 'cli_to-be-cut' });
    issuer.revoke(machine, 'client');
    expect(await ask(machine.headers, '/machines')).toBe('401 invalid_token');
    const user = await issuer.signIn();
    issuer.revoke(user, 'key');
    expect(await ask(user.headers)).toBe('401 invalid_token');
    await issuer.rotate();
    await expect
      .poll(async () => await ask((await issuer.signIn()).headers), { timeout: 10_000 })
      .toBe('200 ok');
  });

  test('of what a token does not have is a TypeError', async () => {
    const machine = await issuer.signInMachine();
    expect(() => issuer.revoke(machine, 'session')).toThrow(/no session that can be revoked/);
    expect(() => issuer.revoke('not a token')).toThrow(TypeError);
  });
});

describe('a clock', () => {
  test('lets tokens expire, keeps verifiers fresh on the way, and makes them stale without an issuer', async () => {
    const clock = createTestClock();
    await using own = await createTestIssuer({ clock });
    await using checks = await createVerifier({ ...own.verifierOptions(), service: 'orders' });
    await checks.ready();
    const codeOf = async (token: string): Promise<unknown> => {
      try {
        await checks.verify(token);
        return 'ok';
      } catch (error) {
        return (error as { code?: string }).code;
      }
    };
    const { token } = await own.signIn();
    await clock.advance(590_000);
    expect(await codeOf(token)).toBe('ok');
    await clock.advance(100_000);
    expect(await codeOf(token)).toBe('invalid_token');
    const { token: newer } = await own.signIn();
    expect(await codeOf(newer)).toBe('ok');
    own.revocations.answers = false;
    await clock.advance(6_000);
    expect(await codeOf(newer)).toBe('verifier_stale');
    own.revocations.answers = true;
    await clock.advance(6_000);
    expect(await codeOf(newer)).toBe('ok');
  });

  test('goes on by itself, runs timers in their order, and takes no time that is no time', async () => {
    const clock = createTestClock();
    const told: string[] = [];
    const start = clock.monotonic();
    clock.after(60_000, () => told.push('second'));
    clock.after(30_000, () => {
      told.push('first');
      clock.after(10_000, () => told.push('first, later'));
    });
    clock.after(20_000, () => told.push('never')).cancel();
    clock.after(600_000, () => told.push('much later'));
    await clock.advance(60_001);
    expect(told).toEqual(['first', 'first, later', 'second']);
    expect(clock.monotonic() - start).toBeGreaterThanOrEqual(60_001);
    expect(clock.wall() - Date.now()).toBeGreaterThan(59_000);
    clock.after(20, () => told.push('by itself'));
    await expect.poll(() => told.at(-1)).toBe('by itself');
    for (const wrong of [-1, Number.NaN, Infinity]) {
      await expect(clock.advance(wrong)).rejects.toThrow(TypeError);
    }
  });
});

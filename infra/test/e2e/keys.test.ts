/** Signing keys under traffic: two instances of auth, and a service that verifies. */
import { startAuth, startSystem, type AuthProcess, type TestSystem } from '@portcullis/testbed';
import { receipt } from '@portcullis/contracts/schemas';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { get, logIn, post, refresh, register, statusOf, type Tokens } from './calls.ts';

const CALLERS = 6;

let system: TestSystem;
let second: AuthProcess;
let administrator: Tokens;

beforeAll(async () => {
  system = await startSystem();
  administrator = await logIn(system.auth.url, system.administrator);
}, 120_000);
afterAll(async () => system?.[Symbol.asyncDispose]());

const header = z.object({ kid: z.string(), alg: z.string() });

function headerOf({ access_token: token }: Tokens): z.infer<typeof header> {
  const text = Buffer.from(token.split('.')[0] ?? '', 'base64url').toString();
  return header.parse(JSON.parse(text));
}

const me = async ({ access_token: token }: Tokens): Promise<number> =>
  await statusOf(get(`${system.user.url}/v1/me`, token));

/** Users who refresh at either instance, and use each token at once and again. */
class Traffic {
  /** The newest token of each key that has signed. */
  readonly signedBy = new Map<string, { alg: string; tokens: Tokens }>();
  readonly statuses = new Map<number, number>();
  readonly #callers: Promise<void>[];
  #stopped = false;

  constructor(people: readonly Tokens[], auths: () => readonly AuthProcess[]) {
    this.#callers = people.map(async (user, i) => {
      let tokens = user;
      for (let turn = i; !this.#stopped; turn += 1) {
        const all = auths();
        const { url } = all[turn % all.length] ?? system.auth;
        const before = tokens;
        tokens = await refresh(url, tokens);
        const { kid, alg } = headerOf(tokens);
        this.signedBy.set(kid, { alg, tokens });
        for (const each of [tokens, before, tokens]) {
          const status = await me(each);
          this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
        }
      }
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#callers);
  }
}

it('rotate without one good token refused, and go when they are killed', async () => {
  const accounts = await Promise.all(
    Array.from({ length: CALLERS }, async () => await register(system.auth.url)),
  );
  const people = await Promise.all(
    accounts.map(async (account) => await logIn(system.auth.url, account)),
  );
  // The profile of a new user takes a moment to arrive.
  for (const user of people) {
    await expect.poll(async () => await me(user)).toBe(200);
  }
  const auths: AuthProcess[] = [system.auth];
  const traffic = new Traffic(people, () => auths);
  // Of another algorithm: it begins with a rotation, while the first serves.
  second = await startAuth(system.bed, {
    PORTCULLIS_ISSUER: system.auth.issuer,
    PORTCULLIS_SIGNING_ALGORITHM: 'EdDSA',
  });
  auths.push(second);
  const algorithms = () => new Set([...traffic.signedBy.values()].map(({ alg }) => alg));
  await expect.poll(() => [...algorithms()].toSorted()).toEqual(['ES256', 'EdDSA']);
  const rotated = await post(`${system.admin.url}/v1/keys/rotate`, {}, administrator.access_token);
  const { kid } = z.object({ kid: z.string() }).parse(await rotated.json());
  await expect.poll(() => traffic.signedBy.has(kid)).toBe(true);
  await sleep(1_000);
  await traffic.stop();
  expect([...traffic.statuses.keys()]).toEqual([200]);
  expect(traffic.statuses.get(200)).toBeGreaterThan(100);
  expect(traffic.signedBy.size).toBe(3);

  const { tokens: victim } = traffic.signedBy.get(kid) ?? {};
  const [spared] = [...traffic.signedBy]
    .filter(([other]) => other !== kid)
    .map(([, s]) => s.tokens);
  if (victim === undefined || spared === undefined) throw new Error('keys have signed nothing');
  expect([await me(victim), await me(spared)]).toEqual([200, 200]);
  const killed = await fetch(`${system.admin.url}/v1/keys/${kid}?wait=10000`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${administrator.access_token}` },
  });
  const told = receipt.parse(await killed.json());
  expect(told.revoked).toEqual({ kind: 'key', id: kid });
  expect(told.confirmed).toBe(told.expected);
  expect(told.expected).toBeGreaterThanOrEqual(2);
  expect([await me(victim), await me(spared)]).toEqual([401, 200]);
  for (const { url } of auths) {
    expect(await statusOf(get(`${url}/v1/sessions`, victim.access_token))).toBe(401);
    expect(await statusOf(get(`${url}/v1/sessions`, spared.access_token))).toBe(200);
  }
  const next = await refresh(second.url, victim);
  expect(headerOf(next).kid).not.toBe(kid);
  await expect.poll(async () => await me(next)).toBe(200);
});

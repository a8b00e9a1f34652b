/**
 * Keys that go with grants: two instances of auth, and a verifier that reaches them over NATS alone
 * once it has fetched the key set.
 */
import { subjectsOf } from '@portcullis/bus';
import { newId, Refusal } from '@portcullis/contracts';
import { grantReply, grantRequest } from '@portcullis/contracts/schemas';
import { connectBus, createLogger } from '@portcullis/service';
import { createVerifier, type Verifier } from '@portcullis/verify';
import { natsFeed } from '@portcullis/verify/feeds/nats';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { PUBLISHED_AHEAD_SECONDS } from '../../src/keys/succession.ts';
import {
  ADMIN,
  basic,
  MACHINE,
  partOf,
  startAuthSystem,
  type AuthInstance,
  type AuthSystem,
} from '../auth-system.ts';

/** The longest time in which an instance reads the keys again and a verifier gets its next grant. */
const LEARNT_WITHIN = { timeout: 9_000 };

let system: AuthSystem;
let first: AuthInstance;
let second: AuthInstance;
let actor: string;
let connection: NatsConnection;
let verifier: Verifier;
let isCut = false;

beforeAll(async () => {
  system = await startAuthSystem({ instances: 0 });
  first = await system.start();
  second = await system.start();
  actor = await system.idOf(ADMIN.email);
  const { natsUrl, prefix } = system.bed;
  const logger = createLogger({ service: 'test', level: 'silent' });
  const bus = system.bed.use(await connectBus({ url: natsUrl, name: 'shop', prefix, logger }));
  connection = bus.connection;
}, 120_000);
afterAll(async () => {
  await system.bed.dispose();
});

/** A verifier that has fetched the set as it is now, and can fetch it no more. */
beforeEach(async () => {
  isCut = false;
  await verifier?.[Symbol.asyncDispose]();
  verifier = system.bed.use(
    await createVerifier({
      issuer: first.url,
      audience: 'urn:portcullis:user',
      service: 'shop',
      feed: natsFeed({ connection, prefix: system.bed.prefix }),
      fetch: async (url, init) => {
        if (isCut) throw new Error('cut off');
        return await fetch(url, init);
      },
    }),
  );
  await verifier.ready();
  isCut = true;
});

const kidOf = (token: string): string => partOf(token, 0)['kid'];

/** Lets that much time pass for the keys. */
async function pass(seconds: number): Promise<void> {
  await system.sql`
    update signing_keys set active_from = active_from - make_interval(secs => ${seconds}),
      retired_at = retired_at - make_interval(secs => ${seconds})`;
}

async function rotate(by = first): Promise<string> {
  return (await by.machine('keys.rotate', { actor })).body.kid;
}

async function outcomeOf(token: string): Promise<string> {
  try {
    await verifier.verify(token);
    return 'accepted';
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

/** The keys of one more grant. */
async function granted(): Promise<readonly string[]> {
  const request = grantRequest.parse({
    version: 1,
    service: 'shop',
    incarnation: newId('inc'),
    nonce: crypto.randomUUID(),
    policy: 'reject',
    epoch: null,
    position: 0,
    applied: [],
  });
  const subject = subjectsOf(system.bed.prefix).grant('shop');
  const reply = grantReply.parse(
    (await connection.request(subject, JSON.stringify(request))).json(),
  );
  if (reply.outcome !== 'granted') throw new Error(reply.outcome);
  return reply.keys ?? [];
}

it('none while one key is published', async () => {
  expect(await granted()).toEqual([]);
});

it('a rotation reaches a verifier that is cut off from the key set', async () => {
  const former = kidOf((await first.newcomer()).access_token);
  const kid = await rotate();
  await expect.poll(() => verifier.keySet.vouched, LEARNT_WITHIN).toBe(1);
  await pass(PUBLISHED_AHEAD_SECONDS);
  const { access_token: token } = await second.newcomer();
  expect(kidOf(token)).toBe(kid);
  expect(await outcomeOf(token)).toBe('accepted');
  // Signed once, for the whole time: a grant costs no signature.
  const { body: set } = await first.call('GET', '/.well-known/jwks.json');
  await expect.poll(granted, LEARNT_WITHIN).toHaveLength(1);
  const [vouch = ''] = await granted();
  expect(partOf(vouch, 0)).toEqual({ alg: 'ES256', typ: 'portcullis-key+jwt', kid: former });
  const { iat, exp, ...said } = partOf(vouch, 1);
  expect(said).toEqual({
    iss: first.url,
    jwk: set.keys.find((jwk: { kid: string }) => jwk.kid === kid),
  });
  expect(exp - iat).toBe(86_400);
  // Nobody takes it for a token.
  expect(await outcomeOf(vouch)).toBe('invalid_token');
  expect((await first.call('GET', '/v1/sessions', { token: vouch })).status).toBe(401);
  const introspected = await first.call('POST', '/oauth2/introspect', {
    form: { token: vouch },
    headers: basic(MACHINE.id, MACHINE.secret),
  });
  expect(introspected.body.active).not.toBe(true);
});

it('so do two in a row, each by a key that was fetched', async () => {
  await rotate(first);
  const kid = await rotate(second);
  await pass(PUBLISHED_AHEAD_SECONDS);
  const { access_token: token } = await first.newcomer();
  expect(kidOf(token)).toBe(kid);
  await expect.poll(async () => await outcomeOf(token), LEARNT_WITHIN).toBe('accepted');
  expect(verifier.keySet).toMatchObject({ vouched: 2, lastFetch: expect.any(String) });
});

it('and the key that signs after a kill, as long as a fetched key is left to vouch for it', async () => {
  const signs = kidOf((await first.newcomer()).access_token);
  await first.machine('keys.kill', { actor, kid: signs });
  const { access_token: token } = await second.newcomer();
  const spare = kidOf(token);
  expect(spare).not.toBe(signs);
  const outcomes = new Set<string>();
  await expect
    .poll(async () => {
      const outcome = await outcomeOf(token);
      outcomes.add(outcome);
      return outcome;
    }, LEARNT_WITHIN)
    .toBe('accepted');
  // On the way there, what was not known was not refused.
  outcomes.delete('accepted');
  outcomes.delete('unavailable');
  expect([...outcomes]).toEqual([]);

  // Every fetched key is killed: what they vouched for goes with them, and no key is left to vouch.
  const { body } = await first.call('GET', '/.well-known/jwks.json');
  const others: string[] = body.keys.map(({ kid }: { kid: string }) => kid);
  for (const kid of others) if (kid !== spare) await first.machine('keys.kill', { actor, kid });
  expect(await outcomeOf(token)).toBe('unavailable');
  expect(verifier.keySet).toMatchObject({ vouched: 0 });
  isCut = false;
  await expect.poll(async () => await outcomeOf(token), LEARNT_WITHIN).toBe('accepted');
});

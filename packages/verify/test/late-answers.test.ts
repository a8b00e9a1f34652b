/** An issuer that answers every question, but late: over a simulated clock and a log in memory. */
import { newId, Refusal, type UserClaims } from '@portcullis/contracts';
import { userClaims } from '@portcullis/contracts/schemas';
import { MemoryRevocations } from '@portcullis/testkit';
import { beforeEach, expect, it } from 'vitest';
import { withFallback } from '../src/revocation/failover.ts';
import type { RevocationFeed } from '../src/revocation/feed.ts';
import { Ledger } from '../src/revocation/ledger.ts';
import { Replica } from '../src/revocation/replica.ts';
import { SimulatedClock } from './simulated-clock.ts';

const S = 5_000;
/** Later than any question waits for, and soon enough to be worth something. */
const LATE = 0.59 * S;

let clock: SimulatedClock;
let log: MemoryRevocations;
let transitions: string[];
let latency: () => number;
/** Questions without an answer, now and at most. */
let open: number;
let mostOpen: number;

beforeEach(() => {
  clock = new SimulatedClock();
  log = new MemoryRevocations(() => Math.floor(clock.wall()));
  log.maxStalenessMs = S;
  log.pushes = false;
  transitions = [];
  latency = () => LATE;
  open = 0;
  mostOpen = 0;
});

/** What it answers it has read at once; the answer is long on its way. */
function slowFeed(): RevocationFeed {
  const feed = log.feed();
  return {
    ...feed,
    request: async (request, timeoutMs) => {
      open += 1;
      mostOpen = Math.max(mostOpen, open);
      const bytes = await feed.request(request, timeoutMs);
      const delay = latency();
      return await new Promise((resolve, reject) => {
        clock.after(Math.min(delay, timeoutMs), () => {
          open -= 1;
          if (delay < timeoutMs) resolve(bytes);
          else reject(new Error('no answer'));
        });
      });
    },
  };
}

async function running(feed: RevocationFeed): Promise<Replica> {
  const replica = new Replica({
    service: 'test',
    policy: 'reject',
    feed,
    ledger: new Ledger(),
    clock,
    random: () => 0.5,
    onTransition: (to, from) => transitions.push(`${from}>${to}`),
  });
  await replica.start();
  await clock.pass(LATE + 10);
  return replica;
}

function token(): UserClaims {
  const iat = Math.floor(clock.wall() / 1_000);
  return userClaims.parse({
    iss: 'https://issuer.example',
    aud: 'urn:test',
    sub: newId('usr'),
    sid: newId('ses'),
    jti: newId('tok'),
    client_id: 'cli_test',
    iat,
    exp: iat + 600,
    auth_time: iat,
    gen: 0,
    cgen: 0,
    igen: 0,
    roles: [],
    amr: ['pwd'],
  });
}

function verdict(replica: Replica, claims: UserClaims): string {
  try {
    replica.admit(claims, newId('key'));
    return 'accepted';
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

it('keeps a verifier fresh without a gap, from a cold start on', async () => {
  const replica = await running(slowFeed());
  expect(verdict(replica, token())).toBe('accepted');
  for (let passed = 0; passed < 10 * S; passed += 100) {
    await clock.pass(100);
    expect(verdict(replica, token()), `after ${passed} ms`).toBe('accepted');
  }
  expect(transitions).toEqual(['SYNCING>LIVE']);
  expect(mostOpen).toBeLessThanOrEqual(3);
});

it('tells of what was revoked, within S', async () => {
  const replica = await running(slowFeed());
  for (let round = 0; round < 10; round += 1) {
    const claims = token();
    log.revoke({ kind: 'session', key: claims.sid });
    await clock.pass(S);
    expect(verdict(replica, claims)).toBe('invalid_token');
    expect(verdict(replica, token())).toBe('accepted');
  }
});

it('is worth what is left of S since the question, and nothing more', async () => {
  const replica = await running(slowFeed());
  await clock.pass(2 * S);
  latency = () => S;
  await clock.pass(LATE); // the last of those that come
  expect(replica.freshnessLeftMs).toBeLessThanOrEqual(S - LATE);
  await clock.pass(S - LATE);
  expect(verdict(replica, token())).toBe('verifier_stale');
  latency = () => LATE;
  await clock.pass(2 * S);
  expect(verdict(replica, token())).toBe('accepted');
});

it('may overtake the answer to an earlier question, which then changes nothing', async () => {
  const slow = [LATE, 100];
  const replica = await running(slowFeed());
  await clock.pass(S);
  latency = () => slow.shift() ?? 100;
  let least = Number.POSITIVE_INFINITY;
  for (let passed = 0; passed < 2 * S; passed += 50) {
    await clock.pass(50);
    expect(verdict(replica, token())).toBe('accepted');
    least = Math.min(least, replica.freshnessLeftMs);
  }
  expect(slow).toEqual([]);
  expect(least).toBeGreaterThan(0);
});

it('makes it begin anew when the log is another one', async () => {
  const replica = await running(slowFeed());
  const claims = token();
  log.revoke({ kind: 'session', key: claims.sid });
  await clock.pass(S);
  log.newEpoch();
  await clock.pass(2 * S);
  expect(transitions).toEqual(['SYNCING>LIVE', 'LIVE>SYNCING', 'SYNCING>LIVE']);
  expect(verdict(replica, claims)).toBe('invalid_token');
  expect(verdict(replica, token())).toBe('accepted');
});

it('does not revive a verifier that was closed', async () => {
  const replica = await running(slowFeed());
  await clock.pass(S / 2);
  await replica.close();
  await clock.pass(S);
  expect(verdict(replica, token())).toBe('verifier_stale');
  expect(replica.state).toBe('CLOSED');
});

it('counts by whichever way it comes, when the other is silent', async () => {
  const silent = {
    ...log.feed(),
    request: async () => await new Promise<Uint8Array>(() => {}),
  };
  for (const feed of [
    withFallback(slowFeed(), silent, clock),
    withFallback(silent, slowFeed(), clock),
  ]) {
    latency = () => 0.4 * S;
    transitions = [];
    const replica = await running(feed);
    await clock.pass(5 * S);
    expect(transitions).toEqual(['SYNCING>LIVE']);
    await replica.close();
  }
});

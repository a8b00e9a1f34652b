/** The state machine, over a simulated clock and a log in memory. */
import { newId, Refusal, type GrantReply, type UserClaims } from '@portcullis/contracts';
import { grantReply, numbered, userClaims } from '@portcullis/contracts/schemas';
import { MemoryRevocations } from '@portcullis/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import type { RevocationFeed } from '../src/revocation/feed.ts';
import { Ledger } from '../src/revocation/ledger.ts';
import { Replica } from '../src/revocation/replica.ts';
import { SimulatedClock } from './simulated-clock.ts';

const S = 5_000;
const KID = newId('key');

let clock: SimulatedClock;
let log: MemoryRevocations;
let transitions: string[];

beforeEach(() => {
  clock = new SimulatedClock();
  log = new MemoryRevocations(() => Math.floor(clock.wall()));
  log.maxStalenessMs = S;
  transitions = [];
});

function replicaOver(feed: RevocationFeed, onEvent?: () => void): Replica {
  return new Replica({
    service: 'test',
    policy: 'reject',
    feed,
    ledger: new Ledger(),
    clock,
    random: () => 0.5,
    onTransition: (to, from) => transitions.push(`${from}>${to}`),
    ...(onEvent !== undefined && { onEvent }),
  });
}

async function running(feed: RevocationFeed = log.feed()): Promise<Replica> {
  const replica = replicaOver(feed);
  await replica.start();
  await clock.pass(10);
  return replica;
}

function token(overrides: Partial<UserClaims> = {}): UserClaims {
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
    ...overrides,
  });
}

function verdict(replica: Replica, claims: UserClaims): string {
  try {
    replica.admit(claims, KID);
    return 'accepted';
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

/** A feed whose answers pass through `tamper`. */
function tampered(change: (reply: GrantReply) => GrantReply | Promise<GrantReply>): RevocationFeed {
  const honest = log.feed();
  return {
    ...honest,
    async request(request, timeout) {
      const bytes = await honest.request(request, timeout);
      const reply = grantReply.parse(JSON.parse(new TextDecoder().decode(bytes)));
      return new TextEncoder().encode(JSON.stringify(await change(reply)));
    },
  };
}

describe('the replica', () => {
  it('accepts nothing before its first grant (G5)', async () => {
    log.answers = false;
    const replica = await running();
    expect(replica.state).toBe('SYNCING');
    expect(verdict(replica, token())).toBe('verifier_stale');
    log.answers = true;
    await clock.pass(500);
    expect(replica.state).toBe('LIVE');
    expect(verdict(replica, token())).toBe('accepted');
  });

  it('has what was revoked before it started, before it accepts anything', async () => {
    const claims = token();
    for (let i = 0; i < 2_500; i += 1) log.revoke({ kind: 'session', key: newId('ses') });
    log.revoke({ kind: 'session', key: claims.sid });
    const replica = await running();
    await clock.pass(100);
    expect(replica.stats.entries).toBe(2_501);
    expect(verdict(replica, claims)).toBe('invalid_token');
    expect(verdict(replica, token())).toBe('accepted');
  });

  it('applies a push in the turn in which it comes, and acknowledges it', async () => {
    const replica = await running();
    const claims = token();
    const event = log.revoke({ kind: 'session', key: claims.sid });
    expect(verdict(replica, claims)).toBe('invalid_token');
    await clock.pass(1);
    expect(log.acknowledged.get(event.id)?.size).toBe(1);
    expect(replica.stats.position).toBe(1);
  });

  it('learns from the next grant of a revocation whose push was lost (G1)', async () => {
    const replica = await running();
    const claims = token();
    log.pushes = false;
    log.revoke({ kind: 'session', key: claims.sid });
    expect(verdict(replica, claims)).toBe('accepted');
    await clock.pass(S / 2);
    expect(verdict(replica, claims)).toBe('invalid_token');
    expect(verdict(replica, token())).toBe('accepted');
  });

  it('goes stale S after the last grant was asked for, and recovers', async () => {
    const replica = await running();
    log.answers = false;
    await clock.pass(S + 1);
    expect(replica.state).toBe('STALE');
    expect(verdict(replica, token())).toBe('verifier_stale');
    log.answers = true;
    await clock.pass(500);
    expect(verdict(replica, token())).toBe('accepted');
    expect(transitions).toEqual(['SYNCING>LIVE', 'LIVE>STALE', 'STALE>LIVE']);
  });

  it('finds itself stale on the first request after a pause, before any timer has run', async () => {
    const replica = await running();
    clock.jump(S + 1);
    expect(verdict(replica, token())).toBe('verifier_stale');
  });

  it('counts freshness from the question, not from the answer', async () => {
    const slow = tampered(async (reply) => {
      clock.jump(S - 100);
      return reply;
    });
    const replica = await running(slow);
    expect(replica.freshnessLeftMs).toBeLessThanOrEqual(100);
  });

  it('takes no answer to another question, or to another incarnation', async () => {
    for (const change of [{ nonce: 'x'.repeat(36) }, { incarnation: newId('inc') }]) {
      const replica = await running(tampered((reply) => ({ ...reply, ...change })));
      await clock.pass(1_000);
      expect(replica.state).toBe('SYNCING');
      expect(replica.stats.grants).toBe(0);
    }
  });

  it('takes no part of a log for the whole', async () => {
    const replica = await running(
      tampered((reply) => (reply.outcome === 'granted' ? { ...reply, complete: false } : reply)),
    );
    await clock.pass(1_000);
    expect(replica.state).toBe('SYNCING');
  });

  it('starts over on another epoch, as another incarnation, and keeps what it knows', async () => {
    const seen = new Set<string>();
    const feed = log.feed();
    const replica = await running({
      ...feed,
      request: async (request, timeout) => {
        seen.add(request.incarnation);
        return await feed.request(request, timeout);
      },
    });
    const claims = token();
    log.revoke({ kind: 'session', key: claims.sid });
    log.newEpoch();
    await clock.pass(S);
    expect(seen.size).toBe(2);
    expect(transitions).toEqual(['SYNCING>LIVE', 'LIVE>SYNCING', 'SYNCING>LIVE']);
    expect(verdict(replica, claims)).toBe('invalid_token');
    expect(verdict(replica, token())).toBe('accepted');
  });

  it('starts over when the log has gone back under the same epoch, and takes it as it is now', async () => {
    const replica = await running();
    const claims = token();
    for (let i = 0; i < 5; i += 1) log.revoke({ kind: 'session', key: newId('ses') });
    log.revoke({ kind: 'session', key: claims.sid });
    expect(replica.stats.position).toBe(6);
    log.goBack(2);
    log.pushes = false;
    const since = token();
    const event = log.revoke({ kind: 'session', key: since.sid });
    await clock.pass(S / 2);
    expect(transitions).toEqual(['SYNCING>LIVE', 'LIVE>SYNCING', 'SYNCING>LIVE']);
    expect(replica.stats.position).toBe(3);
    expect(verdict(replica, since)).toBe('invalid_token');
    expect(log.acknowledged.get(event.id)?.size).toBe(1);
    // What was revoked stays revoked, though the log has forgotten it.
    expect(verdict(replica, claims)).toBe('invalid_token');
    expect(verdict(replica, token())).toBe('accepted');
  });

  it('starts over too when that log has come further again, where it has heard nothing of it', async () => {
    const replica = await running();
    for (let i = 0; i < 3; i += 1) log.revoke({ kind: 'session', key: newId('ses') });
    await clock.pass(1);
    log.goBack(1);
    log.pushes = false;
    const since = token();
    log.revoke({ kind: 'session', key: since.sid });
    // Of the same position as its own, and heard.
    log.pushes = true;
    log.revoke({ kind: 'session', key: newId('ses') });
    log.pushes = false;
    await clock.pass(S / 2);
    expect(transitions).toEqual(['SYNCING>LIVE', 'LIVE>SYNCING', 'SYNCING>LIVE']);
    expect(verdict(replica, since)).toBe('invalid_token');
    expect(replica.stats.position).toBe(3);
  });

  it('starts over too when that log had nothing in it at the last answer', async () => {
    const replica = await running();
    for (let i = 0; i < 3; i += 1) log.revoke({ kind: 'session', key: newId('ses') });
    await clock.pass(1);
    log.goBack(0);
    log.pushes = false;
    const since = token();
    log.revoke({ kind: 'session', key: since.sid });
    for (let i = 0; i < 3; i += 1) log.revoke({ kind: 'session', key: newId('ses') });
    await clock.pass(S / 2);
    expect(transitions).toEqual(['SYNCING>LIVE', 'LIVE>SYNCING', 'SYNCING>LIVE']);
    expect(verdict(replica, since)).toBe('invalid_token');
  });

  it('starts over at once when it hears of what follows in that log', async () => {
    const replica = await running();
    for (let i = 0; i < 3; i += 1) log.revoke({ kind: 'session', key: newId('ses') });
    await clock.pass(1);
    log.goBack(1);
    log.pushes = false;
    const since = token();
    log.revoke({ kind: 'session', key: since.sid });
    log.revoke({ kind: 'session', key: newId('ses') });
    // It follows the position that this verifier has, and not what it knows to stand there.
    log.pushes = true;
    log.revoke({ kind: 'session', key: newId('ses') });
    await clock.pass(50);
    expect(transitions).toEqual(['SYNCING>LIVE', 'LIVE>SYNCING', 'SYNCING>LIVE']);
    expect(verdict(replica, since)).toBe('invalid_token');
  });

  it('asks when a notice does not say what stood before, and goes on from the answer', async () => {
    const feed = log.feed();
    const replica = await running({
      ...feed,
      // As an issuer of 0.2.0 gives them: what is new alone.
      open: async (listener) =>
        await feed.open({
          ...listener,
          numbered(bytes) {
            const notice = numbered.parse(JSON.parse(Buffer.from(bytes).toString()));
            const ids = notice.ids.slice(-1);
            const first = notice.first + notice.ids.length - 1;
            listener.numbered(Buffer.from(JSON.stringify({ ...notice, first, ids })));
          },
        }),
    });
    for (const position of [1, 2, 3]) {
      log.revoke({ kind: 'session', key: newId('ses') });
      await clock.pass(50);
      expect(replica.stats.position).toBe(position);
    }
    expect(transitions).toEqual(['SYNCING>LIVE']);
  });

  it('asks at once when something new is numbered below its own position', async () => {
    const replica = await running();
    for (let i = 0; i < 5; i += 1) log.revoke({ kind: 'session', key: newId('ses') });
    await clock.pass(1);
    log.goBack(2);
    log.revoke({ kind: 'session', key: newId('ses') });
    await clock.pass(50);
    expect(transitions).toEqual(['SYNCING>LIVE', 'LIVE>SYNCING', 'SYNCING>LIVE']);
    expect(replica.stats.position).toBe(3);
  });

  it('drops its grant when the machine slept, or its clock was set', async () => {
    const replica = await running();
    clock.stepWall(60_000);
    expect(verdict(replica, token({ iat: 1_000_000, exp: 4_000_000_000 }))).toBe('verifier_stale');
    await clock.pass(500);
    expect(replica.state).toBe('LIVE');
  });

  it('counts a short sleep, too', async () => {
    const replica = await running();
    const claims = token({ iat: 1_000_000, exp: 4_000_000_000 });
    log.answers = false;
    clock.stepWall(900);
    await clock.pass(S - 600);
    expect(verdict(replica, claims)).toBe('verifier_stale');
  });

  it('takes no freshness from an answer over which the machine slept', async () => {
    const feed = log.feed();
    let asleep = Promise.resolve();
    const replica = await running({
      ...feed,
      request: async (request, timeout) => {
        const reply = await feed.request(request, timeout);
        await asleep;
        return reply;
      },
    });
    const claims = token({ iat: 1_000_000, exp: 4_000_000_000 });
    expect(verdict(replica, claims)).toBe('accepted');
    let wake = (): void => undefined;
    asleep = new Promise((resolve) => {
      wake = resolve;
    });
    await clock.pass(S / 2); // the answer is there, and was not read
    clock.stepWall(60_000);
    asleep = Promise.resolve();
    wake();
    await clock.pass(0);
    expect(verdict(replica, claims)).toBe('verifier_stale');
    await clock.pass(300);
    expect(verdict(replica, claims)).toBe('accepted');
  });

  it("judges expiry by the issuer's clock, whatever its own says", async () => {
    const issuerTime = clock.wall();
    clock.stepWall(-3_600_000);
    log = new MemoryRevocations(() => Math.floor(issuerTime + clock.monotonic() - 1_000));
    log.maxStalenessMs = S;
    const replica = await running();
    const seconds = Math.floor(issuerTime / 1_000);
    expect(verdict(replica, token({ iat: seconds - 10, exp: seconds + 2 }))).toBe('accepted');
    expect(verdict(replica, token({ iat: seconds - 10, exp: seconds - 1 }))).toBe('invalid_token');
    expect(verdict(replica, token({ iat: seconds + 3_600, exp: seconds + 4_000 }))).toBe(
      'invalid_token',
    );
    await clock.pass(3_000);
    expect(verdict(replica, token({ iat: seconds - 10, exp: seconds + 2 }))).toBe('invalid_token');
  });

  it('answers a change of claims with token_stale', async () => {
    const replica = await running();
    const claims = token();
    log.revoke({ kind: 'claims_changed', key: claims.sub, generation: 1 });
    expect(verdict(replica, claims)).toBe('token_stale');
    expect(verdict(replica, { ...claims, gen: 1 })).toBe('accepted');
    log.revoke({ kind: 'subject', key: claims.sub, generation: 1 });
    expect(verdict(replica, claims)).toBe('invalid_token');
  });

  it('counts what it cannot read, and asks the log', async () => {
    let listener: Parameters<RevocationFeed['open']>[0] | undefined;
    const feed = log.feed();
    const replica = await running({
      ...feed,
      open: async (its) => {
        listener = its;
        await feed.open(its);
      },
    });
    const { grants } = replica.stats;
    for (const text of ['', '{', '[]', '{"version":2}', '\u0000']) {
      listener?.revocation(new TextEncoder().encode(text));
      listener?.numbered(new TextEncoder().encode(text));
    }
    expect(replica.stats.malformed).toBe(10);
    await clock.pass(100);
    expect(replica.stats.grants).toBeGreaterThan(grants);
    expect(verdict(replica, token())).toBe('accepted');
  });

  it('stops accepting before it deregisters', async () => {
    const order: string[] = [];
    const feed = log.feed();
    const replica = await running({
      ...feed,
      deregister: async () => {
        order.push(verdict(replica, token()));
      },
    });
    await replica.close();
    expect(order).toEqual(['verifier_stale']);
    expect(replica.state).toBe('CLOSED');
    await clock.pass(10_000);
    expect(replica.state).toBe('CLOSED');
  });

  it.each(['a push', 'the first grant', 'a later grant'])(
    'is not revived by %s whose event its owner closes it at',
    async (by) => {
      let closing: Promise<void> | undefined;
      const ended = token();
      const replica = replicaOver(log.feed(), () => {
        closing = replica.close();
      });
      log.pushes = by === 'a push';
      if (by === 'the first grant') log.revoke({ kind: 'session', key: ended.sid });
      await replica.start();
      await clock.pass(10);
      if (by !== 'the first grant') log.revoke({ kind: 'session', key: ended.sid });
      await clock.pass(S / 2);
      expect(closing).toBeDefined();
      await closing;
      expect(replica.state).toBe('CLOSED');
      expect(verdict(replica, token())).toBe('verifier_stale');
      await clock.pass(10_000);
      expect(transitions.at(-1)).toMatch(/>CLOSED$/);
    },
  );
});

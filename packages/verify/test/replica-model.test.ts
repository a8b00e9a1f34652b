/**
 * The real replica, driven by random events, beside a model that knows its history and no table: which state
 * follows from what has happened, and which tokens may be accepted. SPEC.md has the invariants by number.
 */
import {
  newId,
  Refusal,
  type GrantReply,
  type GrantRequest,
  type SessionId,
  type UserClaims,
} from '@portcullis/contracts';
import { grantReply, userClaims } from '@portcullis/contracts/schemas';
import { testSeed } from '@portcullis/testbed';
import { MemoryRevocations } from '@portcullis/testkit';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { FeedListener } from '../src/revocation/feed.ts';
import { Ledger } from '../src/revocation/ledger.ts';
import { Replica } from '../src/revocation/replica.ts';
import type * as States from '../src/revocation/replica-states.ts';
import type { ReplicaEvent, ReplicaState } from '../src/revocation/replica-states.ts';
import { SimulatedClock } from './simulated-clock.ts';

const S = 3_000;
const KID = newId('key');
const STATES = '../src/revocation/replica-states.ts';

type Step =
  | { do: 'revoke'; pushed: boolean }
  | { do: 'answer'; which: number; with: 'grant' | 'part' | 'unavailable' | 'another nonce' }
  | { do: 'lose'; which: number }
  | { do: 'damage' }
  | { do: 'wait'; milliseconds: number }
  | { do: 'stand still'; milliseconds: number }
  | { do: 'another log' }
  | { do: 'close' };

const which = fc.nat(3);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('revoke'), pushed: fc.boolean() }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('answer'),
      which,
      with: fc.constantFrom('grant', 'grant', 'grant', 'part', 'unavailable', 'another nonce'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('lose'), which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('damage') }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('wait'),
      milliseconds: fc.constantFrom(1, 300, S / 3, S / 2, S - 1, S, 2 * S),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('stand still'),
      milliseconds: fc.constantFrom(10, S / 2, S + 1),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('another log') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('close') }) },
) as fc.Arbitrary<Step>;

interface Pending {
  readonly request: GrantRequest;
  readonly askedAt: number;
  readonly answer: (bytes: Uint8Array) => void;
  readonly fail: (error: Error) => void;
}

/** One replica, its issuer, and what has happened to it. */
class Run {
  readonly #clock = new SimulatedClock();
  readonly #log = new MemoryRevocations(() => Math.floor(this.#clock.wall()));
  readonly #honest = this.#log.feed();
  readonly #pending: Pending[] = [];
  readonly #replica: Replica;
  #listener: FeedListener | undefined;
  /** Until when an answer vouches, of this history, by the monotonic clock. */
  #vouchedUntil = Number.NEGATIVE_INFINITY;
  /** Whether a grant has counted since the history began. */
  #hasCounted = false;
  #epoch: string | null = null;
  #incarnation: string | undefined;
  #closed = false;
  /** Sessions whose end was applied here, or is in a grant that counts. */
  readonly #ended: UserClaims[] = [];
  readonly #undelivered: UserClaims[] = [];
  /** Everything that was revoked, in order, by the history that it is of. */
  readonly #histories = new Map<string, UserClaims[]>();
  readonly #other = this.#token();

  constructor(Subject: typeof Replica) {
    this.#log.maxStalenessMs = S;
    this.#replica = new Subject({
      service: 'test',
      policy: 'reject',
      ledger: new Ledger(),
      clock: this.#clock,
      random: () => 0.5,
      feed: {
        ...this.#honest,
        open: async (listener) => {
          this.#listener = listener;
          await this.#honest.open(listener);
        },
        request: async (request) =>
          await new Promise<Uint8Array>((answer, fail) => {
            this.#pending.push({ request, askedAt: this.#clock.monotonic(), answer, fail });
          }),
      },
    });
  }

  async start(): Promise<void> {
    await this.#replica.start();
    await this.#clock.pass(0);
  }

  async take(next: Step): Promise<void> {
    switch (next.do) {
      case 'revoke':
        this.#revoke(next.pushed);
        break;
      case 'answer':
        await this.#answer(next.which, next.with);
        break;
      case 'lose':
        this.#pending.splice(next.which, 1)[0]?.fail(new Error('lost'));
        break;
      case 'damage':
        this.#listener?.revocation(new TextEncoder().encode('{'));
        break;
      case 'wait':
        await this.#clock.pass(next.milliseconds);
        break;
      case 'stand still':
        this.#clock.jump(next.milliseconds);
        break;
      case 'another log':
        this.#log.newEpoch();
        break;
      case 'close':
        await this.#replica.close();
        this.#closed = true;
    }
    await this.#clock.pass(0);
  }

  /** What follows from what has happened, without a table. */
  expectInvariants(about: string): void {
    const isFresh = !this.#closed && this.#clock.monotonic() < this.#vouchedUntil;
    const known = isFresh ? 'LIVE' : 'STALE';
    const open = this.#hasCounted ? known : 'SYNCING';
    const expected: ReplicaState = this.#closed ? 'CLOSED' : open;
    // Of a token first: it is read at that very moment, whether a timer has run or not (I1).
    expect(this.#verdict(this.#other), `I1, ${about}`).toBe(
      isFresh ? 'accepted' : 'verifier_stale',
    );
    for (const claims of this.#ended) {
      const verdict = isFresh ? 'invalid_token' : 'verifier_stale';
      expect(this.#verdict(claims), `I4, ${about}`).toBe(verdict);
    }
    expect(this.#replica.state, `I5, ${about}`).toBe(expected);
    const history = this.#histories.get(this.#epoch ?? '') ?? [];
    const claimed = history.slice(0, this.#replica.stats.position);
    expect(this.#ended, `I3, ${about}`).toEqual(expect.arrayContaining(claimed));
    expect(claimed.length, `I3, ${about}`).toBe(this.#replica.stats.position);
  }

  #revoke(pushed: boolean): void {
    const claims = this.#token();
    this.#log.pushes = pushed;
    this.#log.revoke({ kind: 'session', key: claims.sid });
    const { epoch } = this.#log;
    this.#histories.set(epoch, [...(this.#histories.get(epoch) ?? []), claims]);
    const isApplied = pushed && !this.#closed;
    (isApplied ? this.#ended : this.#undelivered).push(claims);
  }

  async #answer(index: number, kind: 'grant' | 'part' | 'unavailable' | 'another nonce') {
    const [pending] = this.#pending.splice(index, 1);
    if (pending === undefined) return;
    const { request } = pending;
    const reply = grantReply.parse(
      JSON.parse(new TextDecoder().decode(await this.#honest.request(request, S))),
    );
    const changed = changedBy(kind, reply);
    const counts = kind !== 'another nonce' && !this.#closed && this.#isOfPresent(request);
    if (counts) this.#note(changed, pending.askedAt);
    pending.answer(new TextEncoder().encode(JSON.stringify(changed)));
    await this.#clock.pass(0);
  }

  /** The first question of an incarnation shows which one it is. */
  #isOfPresent({ incarnation }: GrantRequest): boolean {
    this.#incarnation ??= incarnation;
    return incarnation === this.#incarnation;
  }

  #note(reply: GrantReply, askedAt: number): void {
    if (reply.outcome === 'unavailable') return;
    const isOther =
      reply.outcome === 'resynchronise' || (this.#epoch !== null && reply.epoch !== this.#epoch);
    if (isOther) {
      this.#epoch = null;
      this.#incarnation = undefined;
      this.#hasCounted = false;
      this.#vouchedUntil = Number.NEGATIVE_INFINITY;
      // Their answers are void from now on.
      this.#pending.length = 0;
      return;
    }
    this.#epoch = reply.epoch;
    const carried = new Set<string>(reply.events.map(({ key }) => key));
    const heard = this.#undelivered.filter(({ sid }) => carried.has(sid));
    this.#ended.push(...heard);
    for (const claims of heard) this.#undelivered.splice(this.#undelivered.indexOf(claims), 1);
    if (!reply.complete) return;
    this.#vouchedUntil = Math.max(this.#vouchedUntil, askedAt + S);
    if (this.#clock.monotonic() < this.#vouchedUntil) this.#hasCounted = true;
  }

  #token(sid: SessionId = newId('ses')): UserClaims {
    const iat = Math.floor(this.#clock.wall() / 1_000);
    return userClaims.parse({
      iss: 'https://issuer.example',
      aud: 'urn:test',
      client_id: 'cli_test',
      sub: newId('usr'),
      sid,
      jti: newId('tok'),
      roles: [],
      amr: ['pwd'],
      iat,
      exp: iat + 3_000,
      auth_time: iat,
      gen: 0,
      cgen: 0,
      igen: 0,
    });
  }

  #verdict(claims: UserClaims): string {
    try {
      this.#replica.admit(claims, KID);
      return 'accepted';
    } catch (error) {
      if (error instanceof Refusal) return error.code;
      throw error;
    }
  }
}

function changedBy(
  kind: 'grant' | 'part' | 'unavailable' | 'another nonce',
  reply: GrantReply,
): GrantReply {
  const { version, nonce, incarnation } = reply;
  switch (kind) {
    case 'grant':
      return reply;
    case 'part':
      return reply.outcome === 'granted' ? { ...reply, complete: false } : reply;
    case 'unavailable':
      return { version, nonce, incarnation, outcome: 'unavailable' };
    case 'another nonce':
      return { ...reply, nonce: 'another'.repeat(3) };
  }
}

async function drive(Subject: typeof Replica, runs: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 30 }), async (steps) => {
      const run = new Run(Subject);
      await run.start();
      for (const [at, next] of steps.entries()) {
        await run.take(next);
        run.expectInvariants(`after step ${at}, ${JSON.stringify(next)}`);
      }
    }),
    { numRuns: runs, seed: testSeed() },
  );
}

it('is in the state that follows from its history, and accepts what follows from it', async () => {
  await drive(Replica, 150);
}, 120_000);

describe('a wrong transition is found', () => {
  afterEach(() => {
    vi.doUnmock(STATES);
    vi.resetModules();
  });

  const planted: readonly [string, ReplicaState, ReplicaEvent, ReplicaState][] = [
    ['freshness that runs out is not noticed', 'LIVE', 'freshness over', 'LIVE'],
    ['a stale verifier does not recover', 'STALE', 'grant', 'STALE'],
    ['another log is taken for the same one', 'LIVE', 'another log', 'LIVE'],
    ['a first grant does not count', 'SYNCING', 'grant', 'SYNCING'],
    ['a closed verifier is none', 'LIVE', 'close', 'LIVE'],
  ];

  it.each(planted)(
    '%s',
    async (_name, from, on, to) => {
      vi.resetModules();
      vi.doMock(STATES, async (original) => {
        const real = await original<typeof States>();
        return {
          ...real,
          nextState: (state: ReplicaState, event: ReplicaEvent) =>
            state === from && event === on ? to : real.nextState(state, event),
        };
      });
      const { Replica: Wrong } = await import('../src/revocation/replica.ts');
      await expect(drive(Wrong, 300)).rejects.toThrow('Property failed');
    },
    120_000,
  );
});

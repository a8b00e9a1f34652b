/** What a verifier does while auth does not answer, by its policy; and the second way to a grant. */
import { newId, Refusal } from '@portcullis/contracts';
import { createTestIssuer, type TestIssuer } from '@portcullis/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createVerifier,
  systemClock,
  withFallback,
  type RevocationFeed,
  type Verifier,
  type WhenStale,
} from '../src/index.ts';

const S = 5_000;

let issuer: TestIssuer;
let later: number;
const verifiers: Verifier[] = [];

beforeEach(async () => {
  later = 0;
  issuer = await createTestIssuer();
  issuer.revocations.maxStalenessMs = S;
});

afterEach(async () => {
  for (const verifier of verifiers.splice(0)) await verifier[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});

async function verifierWith(
  whenStale: WhenStale,
  feed: RevocationFeed = issuer.revocations.feed(),
): Promise<Verifier> {
  const verifier = await createVerifier({
    issuer: issuer.issuer,
    audience: issuer.audience,
    service: 'test',
    feed,
    whenStale,
    clock: {
      monotonic: () => systemClock.monotonic() + later,
      wall: () => systemClock.wall() + later,
      after: (milliseconds, callback) => systemClock.after(milliseconds, callback),
    },
  });
  verifiers.push(verifier);
  await verifier.ready();
  return verifier;
}

/** Nobody answers from now on, and S goes by. */
function fallSilent(): void {
  issuer.revocations.answers = false;
  later += S + 1;
}

async function outcome(verifying: Promise<unknown>): Promise<unknown> {
  try {
    await verifying;
    return 'accepted';
  } catch (error) {
    return error instanceof Refusal ? error.code : error;
  }
}

describe('a stale verifier', () => {
  it('refuses with 503 unless another policy is configured', async () => {
    const verifier = await verifierWith({ policy: 'reject' });
    const token = await issuer.mint();
    expect(await outcome(verifier.verify(token))).toBe('accepted');
    fallSilent();
    expect(await outcome(verifier.verify(token))).toBe('verifier_stale');
  });

  it('asks about each token with `introspect`, and says what the acceptance rests on', async () => {
    const asked: string[] = [];
    const verifier = await verifierWith({
      policy: 'introspect',
      introspect: async (token) => {
        asked.push(token);
        return !token.endsWith(dead.slice(-20));
      },
    });
    const good = await issuer.mint();
    const dead = await issuer.mint();
    expect(await verifier.verifyWithAssurance(good)).toMatchObject({ assurance: 'fresh' });
    expect(asked).toEqual([]);
    fallSilent();
    expect(await verifier.verifyWithAssurance(good)).toMatchObject({ assurance: 'introspected' });
    expect(await outcome(verifier.verify(dead))).toBe('invalid_token');
    expect(asked).toEqual([good, dead]);
    // A procedure may be stricter than its verifier.
    expect(await outcome(verifier.verify(good, { whenStale: 'reject' }))).toBe('verifier_stale');
  });

  it('shares a question only among those who asked before it was sent', async () => {
    let sent = 0;
    const answers: ((active: boolean) => void)[] = [];
    const verifier = await verifierWith({
      policy: 'introspect',
      introspect: async () => {
        sent += 1;
        return await new Promise((resolve) => {
          answers.push(resolve);
        });
      },
    });
    const token = await issuer.mint();
    fallSilent();
    const together = [verifier.verify(token), verifier.verify(token), verifier.verify(token)];
    await new Promise((resolve) => setImmediate(resolve));
    expect(sent).toBe(1);
    const afterwards = verifier.verify(token);
    await new Promise((resolve) => setImmediate(resolve));
    expect(sent).toBe(2);
    answers[0]?.(true);
    answers[1]?.(false);
    expect(await Promise.all(together.map(outcome))).toEqual(['accepted', 'accepted', 'accepted']);
    expect(await outcome(afterwards)).toBe('invalid_token');
  });

  it('stops asking for a while when there is no answer, and is never lenient for it', async () => {
    let sent = 0;
    const verifier = await verifierWith({
      policy: 'introspect',
      introspect: async () => {
        sent += 1;
        throw new Error('away');
      },
    });
    const token = await issuer.mint();
    fallSilent();
    for (let i = 0; i < 50; i += 1) {
      expect(await outcome(verifier.verify(token))).toBe('verifier_stale');
    }
    expect(sent).toBe(5);
    later += 1_001;
    expect(await outcome(verifier.verify(token))).toBe('verifier_stale');
    expect(sent).toBe(6);
  });

  it('bounds the questions under way', async () => {
    let under = 0;
    let most = 0;
    const verifier = await verifierWith({
      policy: 'introspect',
      introspect: async () => {
        under += 1;
        most = Math.max(most, under);
        await new Promise((resolve) => setTimeout(resolve, 20));
        under -= 1;
        return true;
      },
    });
    const tokens = await Promise.all(Array.from({ length: 200 }, () => issuer.mint()));
    fallSilent();
    const outcomes = await Promise.all(tokens.map((token) => outcome(verifier.verify(token))));
    expect(most).toBe(64);
    expect(outcomes.filter((each) => each === 'accepted')).toHaveLength(64);
    expect(outcomes.filter((each) => each === 'verifier_stale')).toHaveLength(136);
  });

  it('hears of a revocation while it asks', async () => {
    const sid = newId('ses');
    const verifier = await verifierWith({
      policy: 'introspect',
      introspect: async () => {
        issuer.revocations.revoke({ kind: 'session', key: sid });
        return true;
      },
    });
    const token = await issuer.mint({ sid });
    fallSilent();
    expect(await outcome(verifier.verify(token))).toBe('verifier_stale');
    expect(verifier.stats().introspected).toBe(0);
  });

  it.each(['reject', 'introspect'] as const)(
    'is no laxer than %s for a procedure that asks for it',
    async (policy) => {
      let asked = 0;
      const introspect = async () => {
        asked += 1;
        return false;
      };
      const verifier = await verifierWith(
        policy === 'reject' ? { policy } : { policy, introspect },
      );
      const token = await issuer.mint();
      fallSilent();
      const refused = policy === 'reject' ? 'verifier_stale' : 'invalid_token';
      for (const whenStale of ['accept', policy] as const) {
        expect(await outcome(verifier.verify(token, { whenStale }))).toBe(refused);
      }
      expect(asked).toBe(policy === 'reject' ? 0 : 2);
      expect(await outcome(verifier.verify(token, { whenStale: 'reject' }))).toBe('verifier_stale');
    },
  );

  it('is so at once when its wall clock is set', async () => {
    let set = 0;
    const verifier = await createVerifier({
      issuer: issuer.issuer,
      audience: issuer.audience,
      service: 'test',
      feed: issuer.revocations.feed(),
      clock: { ...systemClock, wall: () => systemClock.wall() + set },
    });
    verifiers.push(verifier);
    await verifier.ready();
    const token = await issuer.mint();
    for (const step of [-1_500, 1_500]) {
      issuer.revocations.answers = false;
      set = step;
      expect(await outcome(verifier.verify(token))).toBe('verifier_stale');
      set = 0;
      issuer.revocations.answers = true;
      await verifier.ready();
      expect(await outcome(verifier.verify(token))).toBe('accepted');
    }
  });

  it('accepts with `accept`, marked and counted, but never what it knows to be revoked', async () => {
    const verifier = await verifierWith({ policy: 'accept', iAcceptRevokedTokens: true });
    const sid = newId('ses');
    const [token, revoked] = await Promise.all([issuer.mint(), issuer.mint({ sid })]);
    issuer.revocations.revoke({ kind: 'session', key: sid });
    fallSilent();
    expect(await verifier.verifyWithAssurance(token)).toMatchObject({ assurance: 'none' });
    expect(verifier.stats().acceptedStale).toBe(1);
    // One that its proof is missing for is refused, and counts as nothing else.
    const bound = await issuer.mint({ cnf: { jkt: 'a'.repeat(43) } });
    expect(await outcome(verifier.verify(bound))).toBe('invalid_token');
    expect(verifier.stats()).toMatchObject({ accepted: 1, acceptedStale: 1 });
    const soon = Math.floor((Date.now() + later) / 1_000) + 8;
    for (const early of [{ nbf: soon }, { iat: soon, exp: soon + 600 }]) {
      expect(await outcome(verifier.verify(await issuer.mint(early)))).toBe('verifier_stale');
    }
    expect(await outcome(verifier.verify(revoked))).toBe('verifier_stale');
    later += 700_000;
    expect(await outcome(verifier.verify(token))).toBe('verifier_stale'); // expired
  });
});

describe('a second way to a grant', () => {
  it('keeps the verifier fresh while the first is silent, and hands back without a gap', async () => {
    const first = issuer.revocations.feed();
    const second = issuer.revocations.feed();
    let firstWorks = true;
    const used = { first: 0, second: 0 };
    const verifier = await verifierWith(
      { policy: 'reject' },
      withFallback(
        {
          ...first,
          request: async (request, timeoutMs) => {
            if (!firstWorks) throw new Error('no responders');
            used.first += 1;
            return await first.request(request, timeoutMs);
          },
        },
        {
          request: async (request, timeoutMs) => {
            used.second += 1;
            return await second.request(request, timeoutMs);
          },
        },
      ),
    );
    issuer.revocations.maxStalenessMs = 600;
    const token = await issuer.mint();
    const until = async (done: () => boolean): Promise<void> => {
      while (!done()) {
        expect(await outcome(verifier.verify(token))).toBe('accepted');
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    };
    expect(used).toEqual({ first: 1, second: 0 });
    await until(() => used.first >= 2);
    firstWorks = false;
    await until(() => used.second >= 4);
    firstWorks = true;
    const before = used.first;
    await until(() => used.first >= before + 3);
  }, 20_000);
});

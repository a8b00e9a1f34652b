/**
 * How many answers to the challenges of one user may be wrong. They come from clients that have proved the password, who
 * may open one challenge after another, from any number of networks: so this limit is by user, over all networks in
 * which the user has no session, and for each in which there is one apart, so that an attacker elsewhere cannot use up
 * the owner's.
 *
 * Invariant: an answer is counted before it is looked at, so that of any number at once no more are looked at than may
 * be wrong. A right one is taken off again, and so is one that could not be checked; what is refused stays counted.
 */
import type { UserId } from '@portcullis/contracts';
import type { Attack } from './attack.ts';
import { hashOf, keyOf } from './hashed-key.ts';
import { Limiter, type Limit, type LimiterOptions } from './limiter.ts';
import type { Store } from './store.ts';

/** Over a day: a code of six digits, three of which are right at a time, is found with a chance of 1 in 16,000. */
const ANSWERS: Limit = { name: 'login_answers', points: 20, duration: 86_400 };
const ANSWERS_OF_NETWORK: Limit = { ...ANSWERS, name: 'login_answers_network' };

/** By a client that has proved the password. */
export interface GivenAnswer {
  address: string;
  user: UserId;
  /** Whether the user has a session in this network. */
  isKnownNetwork: boolean;
}

/**
 * @param check whether the answer is right
 * @returns what `check` returns
 * @throws Refusal `rate_limited`, and whatever `check` throws
 */
export type CountAnswer = (given: GivenAnswer, check: () => Promise<boolean>) => Promise<boolean>;

/** @param attacked called for the last wrong answer that the limit allows */
export function createCountAnswer(
  options: LimiterOptions & { attacked(attack: Attack): void },
  store: Store,
): CountAnswer {
  const unknown = new Limiter(ANSWERS, options, store);
  const known = new Limiter(ANSWERS_OF_NETWORK, options, store);
  return async ({ address, user, isKnownNetwork }, check) => {
    const limiter = isKnownNetwork ? known : unknown;
    const key = isKnownNetwork ? keyOf(address, user) : hashOf(user);
    const { counted, allowed } = await limiter.consume(key);
    let isWrong = false;
    try {
      isWrong = !(await check());
    } finally {
      // Too strict at worst: that it could not be taken off is no reason to refuse the owner.
      if (!isWrong) await limiter.refund(key).catch(() => undefined);
    }
    if (isWrong && counted === allowed) options.attacked({ kind: 'challenge', user });
    return !isWrong;
  };
}

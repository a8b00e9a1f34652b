/**
 * How often a client may try. Counted in Redis, over all instances; while Redis is unavailable or slow,
 * each instance counts by itself, and more strictly.
 *
 * No limit of passwords is by account alone: an attacker could use it to lock the owner out. While an account, or
 * the whole service, is under attack, networks from which the account is not used get a few attempts
 * each instead of many: many addresses are slowed, and the owner gets in, from a known network and from
 * a new one. Answers to challenges come from clients that have proved the password: those are bounded by user,
 * in answers.ts.
 */
import { Refusal } from '@portcullis/contracts';
import { createCountAnswer, type CountAnswer } from './answers.ts';
import type { Attack } from './attack.ts';
import { hashOf, keyOf } from './hashed-key.ts';
import { Limiter, type Limit, type LimiterOptions } from './limiter.ts';
import { networkOf } from './network.ts';
import { Store } from './store.ts';

/** Wrong passwords for one account from one network. */
const ACCOUNT_AND_NETWORK: Limit = { name: 'login_account', points: 10, duration: 600 };
/** Wrong passwords from one network, and what is refused there, over all accounts: spraying. */
const NETWORK: Limit = { name: 'login_network', points: 200, duration: 600 };
/** Wrong passwords for one account from all networks together: after these, it is under attack. */
const ATTACKED: Limit = { name: 'login_attacked', points: 30, duration: 600 };
/** Wrong passwords for all accounts from all networks: more than these are password spraying. */
const SPRAYED: Limit = { name: 'login_sprayed', points: 1_000, duration: 600 };
/** What a strange network has left of its attempts for one account that is under attack. */
const UNKNOWN_NETWORK_ACCOUNT_ATTEMPTS = 3;
/** What it has left for all accounts together during password spraying. */
const UNKNOWN_NETWORK_ATTEMPTS = 20;
const REGISTRATION: Limit = { name: 'register_network', points: 100, duration: 600 };
/** Mails that one network asks for, to any addresses; how many one account gets is bounded apart. */
const MAIL: Limit = { name: 'mail_network', points: 50, duration: 600 };
/** The key of what is counted over all accounts. */
const GLOBAL_KEY = 'all';

export interface Limits {
  /**
   * Counts an attempt, for its network and there for the account, before the password is looked at. So
   * of many at once no more get in than there are wrong ones allowed, be they all right. What is
   * refused stays counted: a client that goes on all the same is soon refused at the least expense.
   *
   * @param isKnownNetwork whether the account is used from this network; asked only under attack
   * @throws Refusal `rate_limited`
   */
  login(address: string, account: string, isKnownNetwork: () => Promise<boolean>): Promise<void>;
  /**
   * A login that has come to its end is no attack: what was counted for each of its steps is taken off
   * again. The window of the first may be over by then: so much less is counted in the next.
   */
  loggedIn(address: string, account: string, steps?: number): Promise<void>;
  /**
   * For what comes between the two: an attempt that ends there, because a nonce was asked for or a part
   * is unavailable, is no guess, and is taken off the count. A wrong proof stays on it.
   */
  refundOnAbort<T>(address: string, account: string, work: () => Promise<T>): Promise<T>;
  /**
   * Who reads the mailbox of the account is its owner: what was counted for it in their network is
   * taken off, so that a new password logs in at once. The network's own count stays.
   */
  provedMailbox(address: string, account: string): Promise<void>;
  /**
   * A wrong one, or a wrong answer to a challenge, is counted for the account and for all of them, wherever
   * it came from.
   */
  wrongPassword(account: string): Promise<void>;
  /** An answer to a challenge, counted for its user before it is looked at. */
  answer: CountAnswer;
  /** @throws Refusal `rate_limited` */
  registration(address: string): Promise<void>;
  /** @throws Refusal `rate_limited` */
  mail(address: string): Promise<void>;
}

export interface LimitsOptions extends LimiterOptions {
  /** Called when Redis did not answer. */
  degraded(error: unknown): void;
  /** Called once for each attack and window, over all instances. */
  attacked(attack: Attack): void;
}

export function createLimits(options: LimitsOptions): Limits {
  const store = new Store(options.degraded);
  const byAccount = new Limiter(ACCOUNT_AND_NETWORK, options, store);
  const byNetwork = new Limiter(NETWORK, options, store);
  const ofAccount = new Limiter(ATTACKED, options, store);
  const ofAll = new Limiter(SPRAYED, options, store);
  const registrations = new Limiter(REGISTRATION, options, store);
  const mails = new Limiter(MAIL, options, store);
  const few = (points: number) => Math.max(1, Math.floor(points * options.scale));
  const refundOnAbort: Limits['refundOnAbort'] = async (address, account, work) => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Refusal && error.code === 'invalid_dpop_proof')) {
        await Promise.all([
          byNetwork.refund(hashOf(networkOf(address))),
          byAccount.refund(keyOf(address, account)),
        ]).catch(() => undefined);
      }
      throw error;
    }
  };

  return {
    async login(address, account, isKnownNetwork) {
      // One after the other: a client over the first limit must not fill Redis with accounts, nor use
      // up what others in that network have for theirs.
      const { counted: fromNetwork } = await byNetwork.consume(hashOf(networkOf(address)));
      const [{ counted: here }, attack, spray] = await Promise.all([
        byAccount.consume(keyOf(address, account)),
        ofAccount.isExhausted(hashOf(account)),
        ofAll.isExhausted(GLOBAL_KEY),
      ]);
      const tooMany =
        (attack !== undefined && here > few(UNKNOWN_NETWORK_ACCOUNT_ATTEMPTS)) ||
        (spray !== undefined && fromNetwork > few(UNKNOWN_NETWORK_ATTEMPTS));
      if (tooMany && !(await refundOnAbort(address, account, isKnownNetwork))) {
        const retryAfter = Math.max(attack ?? 0, spray ?? 0);
        throw new Refusal('rate_limited', { retryAfter });
      }
    },
    refundOnAbort,
    async loggedIn(address, account, steps = 1) {
      const network = hashOf(networkOf(address));
      await Promise.all([
        ...Array.from({ length: steps }, () => byNetwork.refund(network)),
        byAccount.forget(keyOf(address, account)),
      ]);
    },
    async provedMailbox(address, account) {
      // Too strict for a while at worst; the proof was good all the same.
      await byAccount.forget(keyOf(address, account)).catch(() => undefined);
    },
    async wrongPassword(account) {
      const [attack, spray] = await Promise.all([
        ofAccount.consumeQuietly(hashOf(account)),
        ofAll.consumeQuietly(GLOBAL_KEY),
      ]);
      if (attack) options.attacked({ kind: 'account' });
      if (spray) options.attacked({ kind: 'spray' });
    },
    answer: createCountAnswer(options, store),
    async registration(address) {
      await registrations.consume(hashOf(networkOf(address)));
    },
    async mail(address) {
      await mails.consume(hashOf(networkOf(address)));
    },
  };
}

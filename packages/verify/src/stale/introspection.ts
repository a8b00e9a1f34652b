/**
 * Asking auth about one token, while this verifier is stale (policy `introspect`).
 *
 * Invariants: an answer counts only for those who had asked before the question was sent, so that none
 * rests on a reading that began before its request; at most `MAX_UNDER_WAY` questions are out; after
 * `FAILURES_TO_OPEN` failures in a row none is sent for `OPEN_MS`. A token without an answer is not
 * accepted.
 */
import { Refusal } from '@portcullis/contracts';
import type { Clock } from '../clock.ts';

/** @returns whether the token is active (RFC 7662 section 2.2) @throws when there is no answer */
export type Introspect = (token: string, timeoutMs: number) => Promise<boolean>;

const MAX_UNDER_WAY = 64;
const TIMEOUT_MS = 1_000;
const FAILURES_TO_OPEN = 5;
const OPEN_MS = 1_000;

export class Introspection {
  readonly #introspect: Introspect;
  readonly #clock: Clock;
  readonly #failed: (error: unknown) => void;
  /** Questions that have not been sent yet: calls that ask the same in this turn share one. */
  readonly #unsent = new Map<string, Promise<boolean>>();
  #underWay = 0;
  #failures = 0;
  #openUntil = Number.NEGATIVE_INFINITY;

  /** @param failed called for each question without an answer */
  constructor(introspect: Introspect, clock: Clock, failed: (error: unknown) => void) {
    this.#introspect = introspect;
    this.#clock = clock;
    this.#failed = failed;
  }

  /** @throws Refusal `invalid_token`; `verifier_stale` when there is no answer to be had */
  async check(token: string): Promise<void> {
    let answer = this.#unsent.get(token);
    if (answer === undefined) {
      answer = this.#ask(token);
      this.#unsent.set(token, answer);
    }
    const active = await answer;
    if (active) return;
    const cause = new Error('not active');
    throw new Refusal('invalid_token', { cause, reason: 'introspected_inactive' });
  }

  async #ask(token: string): Promise<boolean> {
    await Promise.resolve(); // to the end of this turn, for those who ask the same
    this.#unsent.delete(token);
    const now = this.#clock.monotonic();
    if (now < this.#openUntil || this.#underWay >= MAX_UNDER_WAY) throw stale();
    this.#underWay += 1;
    try {
      const active = await this.#introspect(token, TIMEOUT_MS);
      this.#failures = 0;
      return active;
    } catch (cause) {
      this.#failed(cause);
      this.#failures += 1;
      if (this.#failures >= FAILURES_TO_OPEN) {
        this.#openUntil = this.#clock.monotonic() + OPEN_MS;
        this.#failures = 0;
      }
      throw stale(cause);
    } finally {
      this.#underWay -= 1;
    }
  }
}

function stale(cause?: unknown): Refusal {
  return new Refusal('verifier_stale', { retryAfter: 1, cause, reason: 'introspection_failed' });
}

/**
 * What stays open after its token was checked: streams, sockets, jobs. Each has an AbortSignal. Loaded before the first
 * token that is to be held open is checked; until then there is nothing that could end.
 *
 * Invariant: a watcher is registered before its token is checked, and checked again by the ledger
 * whenever an event names any of its keys, and when a snapshot has been merged; so there is no moment
 * at which a revocation could be missed by both.
 *
 * A revocation is final: `invalid_token`, and a client must not come back with the same session. The
 * end of the token's life, a change of claims and staleness are not: a refresh, or some patience,
 * and the client may open it again.
 */
import {
  keysOfToken,
  Refusal,
  REVOCATION_KINDS,
  type AccessTokenClaims,
  type RevocationEvent,
} from '@portcullis/contracts';
import type { Clock, Timer } from '../clock.ts';
import { reasonOfRevocation } from './comparison.ts';
import type { Ledger } from './ledger.ts';

/** Timers are set for this long at most; longer ones are set again. Milliseconds. */
const MAX_TIMER_MS = 60 * 60 * 1_000;

interface Watcher {
  claims: AccessTokenClaims;
  kid: string;
  controller: AbortController;
  timer: Timer | undefined;
}

export class Watchers {
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #issuerNow: () => number;
  readonly #byKey = new Map<string, Set<Watcher>>();
  readonly #all = new Set<Watcher>();

  constructor(ledger: Ledger, clock: Clock, issuerNow: () => number) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#issuerNow = issuerNow;
  }

  get size(): number {
    return this.#all.size;
  }

  /** Before the check. @returns its signal, and how to let go of it */
  add(claims: AccessTokenClaims, kid: string): { signal: AbortSignal; release: () => void } {
    const watcher: Watcher = { claims, kid, controller: new AbortController(), timer: undefined };
    this.#all.add(watcher);
    for (const key of keysOfToken(claims, kid)) {
      const others = this.#byKey.get(key);
      if (others === undefined) this.#byKey.set(key, new Set([watcher]));
      else others.add(watcher);
    }
    this.#awaitExpiry(watcher);
    return { signal: watcher.controller.signal, release: () => this.#release(watcher) };
  }

  /** After the ledger has taken the event. */
  applied(event: RevocationEvent): void {
    const { carrier } = REVOCATION_KINDS[event.kind];
    const affected = carrier === null ? this.#all : this.#byKey.get(event.key);
    // A set may shrink while it is walked: each is visited once all the same.
    for (const watcher of affected ?? []) this.#judge(watcher);
  }

  /** After the ledger has taken a snapshot, which names no events. */
  judgeAll(): void {
    for (const watcher of this.#all) this.#judge(watcher);
  }

  /** When a key is not known any more: whether it is one, the next check finds out. */
  abortSignedBy(kids: readonly string[], reason: Refusal): void {
    const signers = kids.flatMap((kid) => [...(this.#byKey.get(kid) ?? [])]);
    for (const watcher of signers) this.#abort(watcher, reason);
  }

  /** When nothing can be vouched for any more. */
  abortAll(reason: Refusal): void {
    for (const watcher of this.#all) this.#abort(watcher, reason);
  }

  #judge(watcher: Watcher): void {
    const { claims, kid } = watcher;
    const verdict = this.#ledger.judge(claims, kid);
    if (verdict === 'holds') return;
    const code = verdict === 'revoked' ? 'invalid_token' : 'token_stale';
    const reason = reasonOfRevocation(this.#ledger, claims, kid);
    this.#abort(watcher, new Refusal(code, { reason }));
  }

  #awaitExpiry(watcher: Watcher): void {
    const left = watcher.claims.exp * 1_000 - this.#issuerNow();
    if (left <= 0) return this.#abort(watcher, new Refusal('token_stale', { reason: 'expired' }));
    // Before the first grant the issuer's time is not known, and the check refuses anyway.
    const wait = Number.isFinite(left) ? Math.min(left, MAX_TIMER_MS) : MAX_TIMER_MS;
    watcher.timer = this.#clock.after(wait, () => this.#awaitExpiry(watcher));
  }

  #abort(watcher: Watcher, reason: Refusal): void {
    this.#release(watcher);
    watcher.controller.abort(reason);
  }

  #release(watcher: Watcher): void {
    watcher.timer?.cancel();
    this.#all.delete(watcher);
    for (const key of keysOfToken(watcher.claims, watcher.kid)) {
      const others = this.#byKey.get(key);
      others?.delete(watcher);
      if (others?.size === 0) this.#byKey.delete(key);
    }
  }
}

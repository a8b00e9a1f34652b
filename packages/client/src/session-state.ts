/**
 * What is known of the session, to be read at once: a view renders it, while tokens are read and renewed by promises.
 *
 *   unknown ──the storage was read, or auth was asked──▶ signed_in ◀──▶ signed_out
 *
 * A snapshot never changes: another one takes its place, and only where something is different. So it may be compared by
 * identity, as `useSyncExternalStore` of React does.
 */
import { Listeners } from './listeners.ts';

/** `logged_out`: asked for here. `refused`: the session was revoked, or its tokens are not known. */
export type SignedOutReason = 'logged_out' | 'refused';
export type SignedOutListener = (reason: SignedOutReason) => void;
export type SignedInListener = (sessionId: string) => void;

export type SessionState =
  /** The storage was not read yet; in cookie mode, nothing is noted of the cookies. See `session.ready()`. */
  | { readonly status: 'unknown' }
  | {
      readonly status: 'signed_out';
      /** Undefined where there was no session to end. */
      readonly reason: SignedOutReason | undefined;
    }
  | {
      readonly status: 'signed_in';
      readonly sessionId: string;
      /** When the access token expires, in milliseconds since the epoch; undefined where that is not known. */
      readonly expiresAt: number | undefined;
      /** Whether its tokens are being renewed. */
      readonly refreshing: boolean;
    };

export class SessionStates {
  #current: SessionState = { status: 'unknown' };
  readonly #changes = new Listeners();
  readonly #begins = new Listeners<[sessionId: string]>();
  readonly #ends = new Listeners<[reason: SignedOutReason]>();

  get current(): SessionState {
    return this.#current;
  }

  readonly subscribe = (listener: () => void): (() => void) => this.#changes.add(listener);
  readonly onSignedIn = (listener: SignedInListener): (() => void) => this.#begins.add(listener);
  readonly onSignedOut = (listener: SignedOutListener): (() => void) => this.#ends.add(listener);

  /** Whether this is the session that is known of. */
  isIn(sessionId: string): boolean {
    return this.#current.status === 'signed_in' && this.#current.sessionId === sessionId;
  }

  signedIn(sessionId: string, expiresAt: number | undefined): void {
    const { current } = this;
    const refreshing = current.status === 'signed_in' && current.refreshing;
    const same = this.isIn(sessionId) && current.status === 'signed_in';
    if (same && current.expiresAt === expiresAt) return;
    this.#become({ status: 'signed_in', sessionId, expiresAt, refreshing: same && refreshing });
  }

  refreshing(refreshing: boolean): void {
    const { current } = this;
    if (current.status !== 'signed_in' || current.refreshing === refreshing) return;
    this.#become({ ...current, refreshing });
  }

  /** A reason that is known stays, however often it is seen that there is no session. */
  signedOut(reason?: SignedOutReason): void {
    const { current } = this;
    if (current.status === 'signed_out' && (reason === undefined || reason === current.reason)) {
      return;
    }
    this.#become({ status: 'signed_out', reason });
  }

  /** For `onSignedIn`: a login here, or in another tab. */
  notifySignedIn(sessionId: string): void {
    this.#begins.notify(sessionId);
  }

  /** For `onSignedOut`. */
  notifySignedOut(reason: SignedOutReason): void {
    this.#ends.notify(reason);
  }

  #become(next: SessionState): void {
    this.#current = Object.freeze(next);
    this.#changes.notify();
  }
}

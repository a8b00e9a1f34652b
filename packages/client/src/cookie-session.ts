/**
 * A session whose tokens are in cookies that no script can read. What is known of it here is a note:
 * which session, since when, until when; it holds no secret, and the tabs of an origin share it.
 *
 *   unknown ──a call is answered, or refused and renewed──▶ in ──logOut, or refused permanently──▶ out
 *
 * - One renewal at a time in all tabs: the lock is had, the note is read again, and only the note that
 *   was refused is renewed. What the others wait for is the same renewal.
 * - Logging in and out takes its turn with renewals: the answer of a renewal that was under way must
 *   not put an old session's cookies over those of a new one.
 */
import type { BearerSource } from './bearer-fetch.ts';
import { isPortcullisError } from './error.ts';
import { renewalMarginMs } from './token-life.ts';
import type { SessionNote, SessionNotes } from './session-notes.ts';
import type { SignedOutListener, SignedOutReason } from './session.ts';
import { underWebLock } from './web-lock.ts';

/** What the service says of tokens that it has put into cookies. */
export interface CookieTokens {
  expires_in: number;
  session_id: string;
}

/** Stands for the cookies of which nothing is noted, after a note was lost. */
const UNKNOWN = 'unknown';

export class CookieSession implements BearerSource {
  readonly cookies = true;
  readonly #notes: SessionNotes;
  readonly #refresh: () => Promise<CookieTokens>;
  readonly #listeners = new Set<SignedOutListener>();
  #turn: Promise<unknown> = Promise.resolve();
  #flight: Promise<string | undefined> | undefined;

  /** @param refresh renews the cookies; rejects with PortcullisError */
  constructor(notes: SessionNotes, refresh: () => Promise<CookieTokens>) {
    this.#notes = notes;
    this.#refresh = refresh;
    notes.onEndElsewhere(() => this.#tell('logged_out'));
  }

  /** @returns how to stop listening */
  onSignedOut(listener: SignedOutListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async sessionId(): Promise<string | undefined> {
    const note = this.#notes.get();
    return note?.state === 'in' ? note.sessionId : undefined;
  }

  /** @returns what stands for the cookies as they are now; undefined when logged out */
  async accessToken(): Promise<string | undefined> {
    const note = this.#notes.get();
    if (note?.state !== 'in') return note === undefined ? UNKNOWN : undefined;
    if (Date.now() < note.expiresAt - note.marginMs) return note.stamp;
    try {
      return await this.renew(note.stamp);
    } catch (error) {
      if (isPortcullisError(error, 'invalid_refresh_token') || Date.now() >= note.expiresAt) {
        throw error;
      }
      return note.stamp;
    }
  }

  renew(refused: string): Promise<string | undefined> {
    this.#flight ??= this.inTurn(() => this.#renew(refused)).finally(() => {
      this.#flight = undefined;
    });
    return this.#flight;
  }

  async revoked(sessionId: string | undefined): Promise<void> {
    const note = this.#notes.get();
    if (note?.state === 'in' && note.sessionId === sessionId) this.end('refused');
  }

  /** Alone among the tabs of this origin. */
  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(() => underWebLock(this.#notes.lockName, work));
    this.#turn = result.catch(() => {});
    return await result;
  }

  /** Notes that the cookies hold these tokens. @param askedAt in milliseconds since the epoch */
  begin(tokens: CookieTokens, askedAt: number): string {
    const note: SessionNote = {
      state: 'in',
      sessionId: tokens.session_id,
      stamp: `${tokens.session_id} ${crypto.randomUUID()}`,
      expiresAt: askedAt + tokens.expires_in * 1_000,
      marginMs: renewalMarginMs(tokens.expires_in),
    };
    this.#notes.set(note);
    return note.stamp;
  }

  end(reason: SignedOutReason): void {
    const was = this.#notes.get();
    this.#notes.set({ state: 'out' });
    if (was?.state === 'in') this.#tell(reason);
  }

  async #renew(refused: string): Promise<string | undefined> {
    const note = this.#notes.get();
    if (note?.state === 'out') return undefined;
    // Another tab, or another call, was first.
    if (note !== undefined && note.stamp !== refused) return note.stamp;
    const askedAt = Date.now();
    try {
      const tokens = await this.#refresh();
      // Logged out meanwhile, which takes the next turn, with the cookies that have just come.
      if (this.#notes.get()?.state === 'out') return undefined;
      return this.begin(tokens, askedAt);
    } catch (error) {
      if (isPortcullisError(error, 'invalid_refresh_token')) this.end('refused');
      throw error;
    }
  }

  #tell(reason: SignedOutReason): void {
    for (const listener of this.#listeners) queueMicrotask(() => listener(reason));
  }
}

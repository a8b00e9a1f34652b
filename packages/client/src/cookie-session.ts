/**
 * A session whose tokens are in cookies that no script can read. What is known of it here is a note:
 * which session, since when, until when; it holds no secret, and the tabs of an origin share it.
 *
 *   unknown ──a call is answered, or refused and renewed──▶ in ──logOut, or refused permanently──▶ out
 *
 * - One renewal at a time in all tabs: the lock is had, the note is read again, and only the note that
 *   was refused is renewed. What the others wait for is the same renewal. The note of another tab may reach this one later than
 *   the lock: a tab gives a sign of what it has renewed, which comes before.
 * - Logging in and out takes its turn with renewals: the answer of a renewal that was under way must
 *   not put an old session's cookies over those of a new one.
 */
import type { BearerSource } from './bearer-fetch.ts';
import { isPortcullisError } from './error.ts';
import { renewalMarginMs } from './token-life.ts';
import type { SessionNote, SessionNotes } from './session-notes.ts';
import { SessionStates, type SessionState, type SignedOutReason } from './session-state.ts';
import { giveSign, seesSign, underWebLock } from './web-lock.ts';

/** What the service says of tokens that it has put into cookies. */
export interface CookieTokens {
  expires_in: number;
  session_id: string;
}

/** Stands for the cookies of which nothing is noted, after a note was lost. */
const UNKNOWN = 'portcullis unknown';

export class CookieSession implements BearerSource {
  readonly cookies = true;
  readonly states = new SessionStates();
  readonly #notes: SessionNotes;
  readonly #refresh: () => Promise<CookieTokens>;
  #turn: Promise<unknown> = Promise.resolve();
  #flight: Promise<string | undefined> | undefined;

  /** @param refresh renews the cookies; rejects with PortcullisError */
  constructor(notes: SessionNotes, refresh: () => Promise<CookieTokens>) {
    this.#notes = notes;
    this.#refresh = refresh;
    this.#see(notes.get());
    notes.onChangeElsewhere((note) => this.#see(note));
  }

  /**
   * @returns what is known once auth was asked, where nothing is noted
   * @throws PortcullisError when auth could not be asked
   */
  async ready(): Promise<SessionState> {
    if (this.#notes.get() === undefined) {
      try {
        await this.renew(UNKNOWN);
      } catch (error) {
        if (!isPortcullisError(error, 'invalid_refresh_token')) throw error;
      }
    }
    return this.states.current;
  }

  async sessionId(): Promise<string | undefined> {
    const note = this.#notes.get();
    return note?.state === 'in' ? note.sessionId : undefined;
  }

  /** @returns what stands for the cookies as they are now; undefined when logged out */
  stamp(): string | undefined {
    const note = this.#notes.get();
    if (note?.state === 'in') return note.stamp;
    return note === undefined ? UNKNOWN : undefined;
  }

  /** @returns the same, renewed where that is due */
  async accessToken(): Promise<string | undefined> {
    const note = this.#notes.get();
    if (note?.state !== 'in') return this.stamp();
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
    if (this.#flight !== undefined) {
      // One for an older note may end with the very one that is refused here, which another tab has made.
      return this.#flight.then((stamp) => (stamp === refused ? this.renew(refused) : stamp));
    }
    this.states.refreshing(true);
    this.#flight = this.inTurn(() => this.#renew(refused)).finally(() => {
      this.#flight = undefined;
      this.states.refreshing(false);
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

  /** A login: a session that has begun now, not one of which nothing was known. */
  logIn(tokens: CookieTokens, askedAt: number): void {
    if (this.states.current.status === 'unknown') this.states.signedOut();
    this.begin(tokens, askedAt);
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
    this.#see(note);
    return note.stamp;
  }

  end(reason: SignedOutReason): void {
    const was = this.#notes.get();
    this.#notes.set({ state: 'out' });
    if (was?.state === 'in') this.#ended(reason);
    else this.states.signedOut();
  }

  async #renew(refused: string): Promise<string | undefined> {
    const stamp = this.stamp();
    // Logged out; or another tab, or another call, was first.
    if (stamp !== refused && stamp !== UNKNOWN) return stamp;
    // Another tab was, whose note has not come yet: the cookies have.
    if (refused !== UNKNOWN && (await seesSign(refused))) return UNKNOWN;
    const askedAt = Date.now();
    try {
      const tokens = await this.#refresh();
      // Logged out meanwhile, which takes the next turn, with the cookies that have just come.
      if (this.stamp() === undefined) return undefined;
      giveSign(refused);
      return this.begin(tokens, askedAt);
    } catch (error) {
      if (isPortcullisError(error, 'invalid_refresh_token')) this.end('refused');
      throw error;
    }
  }

  /** What is noted, by this tab or another. */
  #see(note: SessionNote | undefined): void {
    const { status } = this.states.current;
    if (note?.state === 'in') {
      const isNews = status !== 'unknown' && !this.states.isIn(note.sessionId);
      this.states.signedIn(note.sessionId, note.expiresAt);
      if (isNews) this.states.notifySignedIn(note.sessionId);
    } else if (note?.state === 'out') {
      if (status === 'signed_in') this.#ended('logged_out');
      else this.states.signedOut();
    }
  }

  #ended(reason: SignedOutReason): void {
    this.states.signedOut(reason);
    this.states.notifySignedOut(reason);
  }
}

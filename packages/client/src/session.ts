/**
 * The tokens of one logged-in session, and their renewal.
 *
 *   none ──begin──▶ held ──about to expire, or refused──▶ refreshing ──▶ held
 *     ▲               │                                       │
 *     └──── end ──────┴──────── refused permanently ──────────┘
 *
 * - One refresh at a time, however many calls ask: a refresh token can be used once, and a second use
 *   is taken for theft (RFC 9700 section 4.14.2), which ends the session.
 * - A refresh that fails in any other way than by `invalid_refresh_token` changes nothing.
 * - `begin` and `end` start a new generation; what an older one still brings is thrown away, so that
 *   a logout is never undone by a refresh that was under way.
 */
import type { Tokens } from '@portcullis/api';
import type { BearerSource } from './bearer-fetch.ts';
import { isPortcullisError, PortcullisError } from './error.ts';
import { SessionStates, type SessionState } from './session-state.ts';
import { guessedLife, TokenLife } from './token-life.ts';
import { isTokens, type StoredTokens, type TokenStorage } from './token-storage.ts';
import { underWebLock } from './web-lock.ts';

interface Flight {
  generation: number;
  /** The access token that it ends with, where there is one. */
  done: Promise<string | undefined>;
  /** What the service answered, whether or not it was still wanted. */
  answer?: Tokens;
}

export class Session implements BearerSource {
  readonly states = new SessionStates();
  readonly #storage: TokenStorage;
  readonly #refresh: (refreshToken: string) => Promise<Tokens>;
  #generation = 0;
  #ends = 0;
  #ending = 0;
  #flight: Flight | undefined;
  #writing: Promise<unknown> = Promise.resolve();
  #life: { of: string; life: TokenLife } | undefined;

  /** @param refresh exchanges a refresh token; rejects with PortcullisError */
  constructor(storage: TokenStorage, refresh: (refreshToken: string) => Promise<Tokens>) {
    this.#storage = storage;
    this.#refresh = refresh;
    storage.subscribe?.(() => void this.tokens().catch(() => {}));
  }

  /** What is held; nothing from the moment that `end` is called. */
  async tokens(): Promise<Tokens | undefined> {
    return this.#ending > 0 ? undefined : this.#stored();
  }

  async sessionId(): Promise<string | undefined> {
    return (await this.tokens())?.session_id;
  }

  /** @returns what is known once the storage was read */
  async ready(): Promise<SessionState> {
    await this.tokens();
    // Overtaken by a login or a logout, which says what is there now.
    await this.#writing;
    return this.states.current;
  }

  /** Forgets the tokens of a session that a service knows to be revoked; another one's are kept. */
  async revoked(sessionId: string | undefined): Promise<void> {
    await this.#write(async () => {
      const now = await this.#stored();
      if (now === undefined || now.session_id !== sessionId) return;
      await this.#refused();
    });
  }

  /** Counts the calls of `end`, for a login to see whether it was overtaken by one. */
  get ends(): number {
    return this.#ends;
  }

  /** @param askedAt on the monotonic clock: `expires_in` is counted from the question */
  async begin(tokens: Tokens, askedAt: number): Promise<void> {
    this.#generation += 1;
    const generation = this.#generation;
    await this.#write(async () => {
      if (generation !== this.#generation) return;
      const { kept, life } = lifeOfAnswer(tokens, askedAt);
      await this.#storage.set(kept);
      // A logout that came meanwhile clears them next.
      if (generation !== this.#generation) return;
      const isKnown = this.states.isIn(tokens.session_id);
      this.#know(kept, life);
      if (!isKnown) this.states.notifySignedIn(tokens.session_id);
    });
  }

  /**
   * Forgets the tokens; nothing that is under way brings them back.
   *
   * @returns the newest tokens there were, for the logout at the service
   */
  async end(): Promise<Tokens | undefined> {
    // One that a login has overtaken brings tokens of another session, which is not the one to end.
    const flight = this.#flight?.generation === this.#generation ? this.#flight : undefined;
    this.#generation += 1;
    this.#ends += 1;
    this.#ending += 1;
    if (this.states.current.status !== 'signed_out') this.states.signedOut('logged_out');
    const held = await this.#write(async () => {
      const found = await this.#stored();
      await this.#storage.clear();
      return found;
    }).finally(() => {
      this.#ending -= 1;
    });
    if (held !== undefined) this.states.notifySignedOut('logged_out');
    await flight?.done.catch(() => {});
    return flight?.answer ?? held;
  }

  async accessToken(): Promise<string | undefined> {
    const held = await this.tokens();
    if (held === undefined) return undefined;
    const life = this.#lifeOf(held);
    if (life?.isDue() !== true) return held.access_token;
    try {
      return await this.renew(held.access_token);
    } catch (error) {
      const ended = isPortcullisError(error, 'invalid_refresh_token');
      // The services decide, where the clock that it was guessed by may be wrong.
      if (!ended && (life.isGuess || !life.isOver())) return held.access_token;
      throw error;
    }
  }

  renew(refused: string): Promise<string | undefined> {
    const generation = this.#generation;
    if (this.#flight?.generation === generation) {
      // One for an older token may end with the very one that is refused here, which another tab has obtained.
      return this.#flight.done.then((token) => (token === refused ? this.renew(refused) : token));
    }
    const flight: Flight = { generation, done: Promise.resolve(undefined) };
    flight.done = underWebLock(this.#storage.lockName, () => this.#renew(refused, flight)).finally(
      () => {
        if (this.#flight !== flight) return;
        this.#flight = undefined;
        this.states.refreshing(false);
      },
    );
    this.#flight = flight;
    this.states.refreshing(true);
    return flight.done;
  }

  async #renew(refused: string, flight: Flight): Promise<string | undefined> {
    // Read again: another call, or another tab, may have refreshed before it was our turn.
    const held = await this.tokens();
    if (held === undefined || flight.generation !== this.#generation) return undefined;
    if (held.access_token !== refused) return held.access_token;
    const askedAt = performance.now();
    try {
      flight.answer = await this.#refresh(held.refresh_token);
    } catch (error) {
      if (!isPortcullisError(error, 'invalid_refresh_token')) throw error;
      const other = await this.#forget(held, flight);
      if (other !== undefined) return other;
      throw error;
    }
    const { answer } = flight;
    if (!isTokens(answer)) throw new PortcullisError('protocol');
    const { kept, life } = lifeOfAnswer(answer, askedAt);
    return this.#write(async () => {
      const now = await this.#stored();
      if (flight.generation !== this.#generation) return undefined;
      // Logged out or refreshed in another tab meanwhile: what is there now counts.
      if (now?.refresh_token !== held.refresh_token) return now?.access_token;
      if (!(await this.#replace(held.refresh_token, kept))) {
        return (await this.#stored())?.access_token;
      }
      if (flight.generation !== this.#generation) return undefined;
      this.#know(kept, life);
      return answer.access_token;
    });
  }

  /** @returns the access token that another tab has obtained meanwhile, if one has */
  async #forget(refused: Tokens, flight: Flight): Promise<string | undefined> {
    return this.#write(async () => {
      const now = await this.#stored();
      if (flight.generation !== this.#generation || now === undefined) return undefined;
      if (now.refresh_token !== refused.refresh_token) return now.access_token;
      await this.#refused();
      return undefined;
    });
  }

  /**
   * Reads the storage, and notes what is there; another tab may have logged in or out. A reading that a login or logout
   * here has overtaken says nothing.
   */
  async #stored(): Promise<StoredTokens | undefined> {
    const generation = this.#generation;
    const found = await this.#storage.get();
    const tokens = isTokens(found) ? found : undefined;
    if (generation !== this.#generation || this.#ending > 0) return tokens;
    const { status } = this.states.current;
    if (tokens !== undefined) {
      const isNews = status !== 'unknown' && !this.states.isIn(tokens.session_id);
      this.#know(tokens, this.#lifeOf(tokens));
      if (isNews) this.states.notifySignedIn(tokens.session_id);
    } else if (status === 'signed_in') {
      this.states.signedOut('logged_out');
      this.states.notifySignedOut('logged_out');
    } else {
      this.states.signedOut();
    }
    return tokens;
  }

  /** Within `#write`. */
  async #refused(): Promise<void> {
    this.#generation += 1;
    this.states.signedOut('refused');
    await this.#storage.clear();
    this.states.notifySignedOut('refused');
  }

  async #replace(refreshToken: string, kept: StoredTokens): Promise<boolean> {
    if (this.#storage.replace !== undefined) return this.#storage.replace(refreshToken, kept);
    await this.#storage.set(kept);
    return true;
  }

  #know(tokens: StoredTokens, life: TokenLife | undefined): void {
    if (life !== undefined) this.#life = { of: tokens.access_token, life };
    this.states.signedIn(tokens.session_id, life?.expiresAt);
  }

  #lifeOf(tokens: StoredTokens): TokenLife | undefined {
    return this.#life?.of === tokens.access_token ? this.#life.life : guessedLife(tokens);
  }

  /** One change of the storage after the other: it may be asynchronous, and each looks first. */
  #write<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#writing.then(change);
    this.#writing = result.catch(() => {});
    return result;
  }
}

/** @param askedAt on the monotonic clock: the answer may have been long on its way */
function lifeOfAnswer(tokens: Tokens, askedAt: number): { kept: StoredTokens; life: TokenLife } {
  const left = askedAt + tokens.expires_in * 1_000 - performance.now();
  const life = new TokenLife(left, tokens.expires_in, false);
  return { kept: { ...tokens, expires_at: life.expiresAt }, life };
}

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
import { guessedLifeMs, renewalMarginMs } from './token-life.ts';
import { isTokens, type TokenStorage } from './token-storage.ts';
import { underWebLock } from './web-lock.ts';

/** `logged_out`: asked for here. `refused`: the session was revoked, or its tokens are not known. */
export type SignedOutReason = 'logged_out' | 'refused';
export type SignedOutListener = (reason: SignedOutReason) => void;

interface Flight {
  generation: number;
  /** The access token that it ends with, where there is one. */
  done: Promise<string | undefined>;
  /** What the service answered, whether or not it was still wanted. */
  answer?: Tokens;
}

export class Session implements BearerSource {
  readonly #storage: TokenStorage;
  readonly #refresh: (refreshToken: string) => Promise<Tokens>;
  readonly #listeners = new Set<SignedOutListener>();
  #generation = 0;
  #ends = 0;
  #ending = 0;
  #flight: Flight | undefined;
  #writing: Promise<unknown> = Promise.resolve();
  /** When an access token expires, on the monotonic clock; a guess for one that was not obtained here. */
  #life: { of: string; expiresAt: number; marginMs: number; guessed: boolean } | undefined;

  /** @param refresh exchanges a refresh token; rejects with PortcullisError */
  constructor(storage: TokenStorage, refresh: (refreshToken: string) => Promise<Tokens>) {
    this.#storage = storage;
    this.#refresh = refresh;
  }

  /** What is held; nothing from the moment that `end` is called. */
  async tokens(): Promise<Tokens | undefined> {
    return this.#ending > 0 ? undefined : this.#stored();
  }

  /** @returns how to stop listening */
  onSignedOut(listener: SignedOutListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async sessionId(): Promise<string | undefined> {
    return (await this.tokens())?.session_id;
  }

  /** Forgets the tokens of a session that a service knows to be revoked; another one's are kept. */
  async revoked(sessionId: string | undefined): Promise<void> {
    await this.#write(async () => {
      const now = await this.#stored();
      if (now === undefined || now.session_id !== sessionId) return;
      this.#generation += 1;
      await this.#storage.clear();
      this.#tell('refused');
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
      if (generation === this.#generation) await this.#keep(tokens, askedAt);
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
    const held = await this.#write(async () => {
      const found = await this.#stored();
      await this.#storage.clear();
      return found;
    }).finally(() => {
      this.#ending -= 1;
    });
    if (held !== undefined) this.#tell('logged_out');
    await flight?.done.catch(() => {});
    return flight?.answer ?? held;
  }

  async accessToken(): Promise<string | undefined> {
    const held = await this.tokens();
    if (held === undefined) return undefined;
    const life = this.#lifeOf(held);
    if (life === undefined || performance.now() < life.expiresAt - life.marginMs) {
      return held.access_token;
    }
    try {
      return await this.renew(held.access_token);
    } catch (error) {
      const over = isPortcullisError(error, 'invalid_refresh_token');
      // The services decide, where the clock that it was guessed by may be wrong.
      if (!over && (life.guessed || performance.now() < life.expiresAt)) return held.access_token;
      throw error;
    }
  }

  renew(refused: string): Promise<string | undefined> {
    const generation = this.#generation;
    if (this.#flight?.generation === generation) return this.#flight.done;
    const flight: Flight = { generation, done: Promise.resolve(undefined) };
    flight.done = underWebLock(this.#storage.lockName, () => this.#renew(refused, flight)).finally(
      () => {
        if (this.#flight === flight) this.#flight = undefined;
      },
    );
    this.#flight = flight;
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
    return this.#write(async () => {
      const now = await this.#stored();
      if (flight.generation !== this.#generation) return undefined;
      // Logged out or refreshed in another tab meanwhile: what is there now counts.
      if (now?.refresh_token !== held.refresh_token) return now?.access_token;
      await this.#keep(answer, askedAt);
      return answer.access_token;
    });
  }

  /** @returns the access token that another tab has obtained meanwhile, if one has */
  async #forget(refused: Tokens, flight: Flight): Promise<string | undefined> {
    return this.#write(async () => {
      const now = await this.#stored();
      if (flight.generation !== this.#generation || now === undefined) return undefined;
      if (now.refresh_token !== refused.refresh_token) return now.access_token;
      this.#generation += 1;
      await this.#storage.clear();
      this.#tell('refused');
      return undefined;
    });
  }

  async #stored(): Promise<Tokens | undefined> {
    const found = await this.#storage.get();
    return isTokens(found) ? found : undefined;
  }

  async #keep(tokens: Tokens, askedAt: number): Promise<void> {
    await this.#storage.set(tokens);
    this.#life = {
      of: tokens.access_token,
      expiresAt: askedAt + tokens.expires_in * 1_000,
      marginMs: renewalMarginMs(tokens.expires_in),
      guessed: false,
    };
  }

  #lifeOf({ access_token: of, expires_in: seconds }: Tokens) {
    if (this.#life?.of === of) return this.#life;
    const left = guessedLifeMs(of);
    if (left === undefined) return undefined;
    const expiresAt = performance.now() + left;
    this.#life = { of, expiresAt, marginMs: renewalMarginMs(seconds), guessed: true };
    return this.#life;
  }

  /** One change of the storage after the other: it may be asynchronous, and each looks first. */
  #write<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#writing.then(change);
    this.#writing = result.catch(() => {});
    return result;
  }

  #tell(reason: SignedOutReason): void {
    // After what is under way, so that a listener that throws or logs in again disturbs nothing.
    for (const listener of this.#listeners) queueMicrotask(() => listener(reason));
  }
}

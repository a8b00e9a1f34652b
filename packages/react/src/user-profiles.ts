/**
 * The profile of the user who is signed in: asked for once, however many components show it.
 *
 *   signed_out ◀──▶ loading ──▶ ready, or failed ──reload──▶ loading
 *
 * - A profile belongs to a session. What is answered for one that has ended meanwhile is dropped.
 * - The session is listened to, and asked for, only while a component shows the user.
 */
import type { PortcullisClient, SessionClient } from '@portcullis/client';

/** A client with the user service is needed for `useUser` alone. */
export type ReactClient = SessionClient & Partial<Pick<PortcullisClient, 'user'>>;

export type UserProfile = Awaited<ReturnType<PortcullisClient['user']['me']['get']['query']>>;

export type UserState =
  /** Whether a user is signed in is not known yet, or the profile is on its way. */
  | { readonly status: 'loading'; readonly user: undefined; readonly error: undefined }
  | { readonly status: 'signed_out'; readonly user: undefined; readonly error: undefined }
  | { readonly status: 'ready'; readonly user: UserProfile; readonly error: undefined }
  /** `error` is a `PortcullisError`. */
  | { readonly status: 'failed'; readonly user: undefined; readonly error: unknown };

const NO_USER = { user: undefined, error: undefined } as const;
export const LOADING: UserState = { status: 'loading', ...NO_USER };
const SIGNED_OUT: UserState = { status: 'signed_out', ...NO_USER };

export class UserProfiles {
  readonly #client: ReactClient;
  readonly #listeners = new Set<() => void>();
  #state: UserState = LOADING;
  /** The session that the state is about. */
  #sessionId: string | undefined;
  #asked = 0;
  #stop = (): void => {};

  constructor(client: ReactClient) {
    this.#client = client;
  }

  /** Compared with the session each time: while no component shows the user, nothing is heard of another one. */
  readonly read = (): UserState => {
    const { state } = this.#client.session;
    if (state.status === 'signed_out') return SIGNED_OUT;
    const isOfSession = state.status === 'signed_in' && state.sessionId === this.#sessionId;
    return isOfSession ? this.#state : LOADING;
  };

  readonly subscribe = (listener: () => void): (() => void) => {
    if (this.#listeners.size === 0) {
      this.#stop = this.#client.session.subscribe(() => this.#look());
      queueMicrotask(() => this.#look());
    }
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#stop();
    };
  };

  /** Asks once more; what is shown stays until the answer is there. */
  readonly reload = async (): Promise<void> => {
    const { state } = this.#client.session;
    if (state.status === 'signed_in') await this.#ask(state.sessionId);
  };

  #look(): void {
    const { state } = this.#client.session;
    const sessionId = state.status === 'signed_in' ? state.sessionId : undefined;
    if (state.status !== 'signed_in') {
      this.#sessionId = undefined;
      this.#become(state.status === 'signed_out' ? SIGNED_OUT : LOADING);
    } else if (sessionId !== this.#sessionId) {
      this.#become(LOADING);
      void this.#ask(state.sessionId);
    }
  }

  async #ask(sessionId: string): Promise<void> {
    this.#sessionId = sessionId;
    this.#asked += 1;
    const asked = this.#asked;
    const state = await this.#profile();
    if (asked === this.#asked && sessionId === this.#sessionId) this.#become(state);
  }

  async #profile(): Promise<UserState> {
    try {
      const { user } = this.#client;
      if (user === undefined) {
        throw new TypeError('useUser: the client of the provider has no address of user');
      }
      return { status: 'ready', user: await user.me.get.query(), error: undefined };
    } catch (error) {
      return { status: 'failed', user: undefined, error };
    }
  }

  #become(state: UserState): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

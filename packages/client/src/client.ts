/** The three services, as one logged-in person uses them. */
import type { AdminRouter, AuthRouter, Tokens, UserRouter } from '@portcullis/api';
import type { TRPCClient } from '@trpc/client';
import type { BearerSource } from './bearer-fetch.ts';
import { isPortcullisError, PortcullisError } from './error.ts';
import type { Fetch } from './exchange.ts';
import { createRouterClient } from './router-client.ts';
import { Session, type SignedOutListener } from './session.ts';
import { isTokens, memoryStorage, type TokenStorage } from './token-storage.ts';

type AuthClient = TRPCClient<AuthRouter>;
type LogInInput = Parameters<AuthClient['login']['mutate']>[0];
type LogOutInput = Parameters<AuthClient['logout']['mutate']>[0];
type LogOutAllInput = Parameters<AuthClient['logoutAll']['mutate']>[0];
export type Receipt = Awaited<ReturnType<AuthClient['logout']['mutate']>>;

export interface PortcullisClientOptions {
  /** Addresses of the services, such as `https://auth.example.com`. */
  auth: string;
  user: string;
  admin: string;
  /** In memory unless given. */
  storage?: TokenStorage;
  fetch?: Fetch;
}

export interface PortcullisClient {
  /**
   * The routers. Every call carries the access token, refreshed when that is needed, and rejects
   * with `PortcullisError`. For login and logout use the functions below: they keep the tokens.
   */
  readonly auth: AuthClient;
  readonly user: TRPCClient<UserRouter>;
  readonly admin: TRPCClient<AdminRouter>;
  readonly session: {
    /** The id of the session that tokens are held for. */
    id(): Promise<Tokens['session_id'] | undefined>;
    /**
     * Calls back when the tokens are gone: by a logout here, or because the service refused to
     * refresh them. @returns how to stop that
     */
    onSignedOut(listener: SignedOutListener): () => void;
  };
  /**
   * @throws PortcullisError `invalid_credentials`; `rate_limited`; `aborted` when `logOut` was
   *   called meanwhile, and so no tokens are held
   */
  logIn(input: LogInInput): Promise<void>;
  /**
   * Ends the session. The tokens are forgotten at once, whatever the service answers.
   *
   * @returns the receipt; undefined when there was no session, or the service knew of none
   * @throws PortcullisError when the service could not be told; calling it again tries again
   */
  logOut(input?: LogOutInput): Promise<Receipt | undefined>;
  /**
   * Ends every session of the person. The tokens are forgotten once the service has answered, and
   * kept with `keep_current`.
   */
  logOutEverywhere(input?: LogOutAllInput): Promise<Receipt>;
}

/** @throws TypeError for an address that is not http or https */
export function createPortcullisClient(options: PortcullisClientOptions): PortcullisClient {
  const { fetch = globalThis.fetch, storage = memoryStorage() } = options;
  const anonymous = createRouterClient<AuthRouter>(options.auth, fetch, undefined);
  const refresh = (refreshToken: string): Promise<Tokens> =>
    anonymous.refresh.mutate({ refresh_token: refreshToken });
  const session = new Session(storage, refresh);
  const auth = createRouterClient<AuthRouter>(options.auth, fetch, session);
  /** Of a session that is gone here, and that the service could not be told about. */
  let untold: Tokens | undefined;

  return {
    auth,
    user: createRouterClient<UserRouter>(options.user, fetch, session),
    admin: createRouterClient<AdminRouter>(options.admin, fetch, session),
    session: {
      id: async () => (await session.tokens())?.session_id,
      onSignedOut: (listener) => session.onSignedOut(listener),
    },
    async logIn(input) {
      const askedAt = performance.now();
      const { ends } = session;
      const tokens = await anonymous.login.mutate(input);
      if (!isTokens(tokens)) throw new PortcullisError('protocol');
      if (session.ends !== ends) throw new PortcullisError('aborted');
      await session.begin(tokens, askedAt);
    },
    async logOut(input = {}) {
      const tokens = (await session.end()) ?? untold;
      if (tokens === undefined) return undefined;
      untold = tokens;
      const bearer = departing(tokens, refresh, (newer) => {
        untold = newer;
      });
      try {
        const { logout } = createRouterClient<AuthRouter>(options.auth, fetch, bearer);
        const receipt = await logout.mutate(input);
        untold = undefined;
        return receipt;
      } catch (error) {
        if (!isPortcullisError(error, 'invalid_token', 'invalid_refresh_token')) throw error;
        untold = undefined; // the service knows of no such session: there is nothing left to end
        return undefined;
      }
    },
    async logOutEverywhere(input = {}) {
      const receipt = await auth.logoutAll.mutate(input);
      if (input.keep_current !== true) await session.end();
      return receipt;
    },
  };
}

/** Tokens that are held nowhere any more, for the one call that ends their session. */
function departing(
  tokens: Tokens,
  refresh: (refreshToken: string) => Promise<Tokens>,
  onRefreshed: (newer: Tokens) => void,
): BearerSource {
  return {
    accessToken: () => Promise.resolve(tokens.access_token),
    async renew() {
      const newer = await refresh(tokens.refresh_token);
      onRefreshed(newer);
      return newer.access_token;
    },
  };
}

/** The three services, as one logged-in user uses them. */
import type { AdminRouter, AuthRouter, UserRouter } from '@portcullis/api';
import type { TRPCClient } from '@trpc/client';
import { dpopFetch } from './dpop.ts';
import type { Fetch } from './exchange.ts';
import { demandAddress, demandOption, demandStorage, demandTransport } from './options.ts';
import { createRouterClient } from './router-client.ts';
import type { ChallengeAnswer, Credentials, LoginResult } from './login-result.ts';
import { bearerAccess, cookieAccess, type Receipt } from './session-access.ts';
import type { SignedOutListener } from './session.ts';
import { memoryStorage, type TokenStorage } from './token-storage.ts';

type AuthClient = TRPCClient<AuthRouter>;
type LogOutInput = Parameters<AuthClient['logout']['mutate']>[0];
type LogOutAllInput = Parameters<AuthClient['logoutAll']['mutate']>[0];

export interface PortcullisClientOptions {
  /** Addresses of the services, such as `https://auth.example.com`. */
  auth: string;
  user: string;
  admin: string;
  /**
   * `cookie`, for a page in a browser: the tokens are in cookies that no script can read. The three
   * addresses are then of the page's own origin, or the services name it in PORTCULLIS_WEB_ORIGINS;
   * and of one host, since that is whose cookies they are. `body` unless given.
   */
  transport?: 'body' | 'cookie';
  /** Keeps the tokens; in memory unless given. Not in cookie mode. */
  storage?: TokenStorage;
  /**
   * Binds the tokens to a key (RFC 9449). `true` makes one, which lives as long as this client; tokens
   * that are stored for longer need their key stored with them (`createDpopKey`, IndexedDB). The
   * addresses above have to be those that the services know themselves by.
   */
  dpop?: CryptoKeyPair | true;
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
    id(): Promise<string | undefined>;
    /**
     * Calls back when the tokens are gone: by a logout here, or because the service refused to
     * refresh them. @returns how to stop that
     */
    onSignedOut(listener: SignedOutListener): () => void;
  };
  /**
   * @returns whether the user is logged in, or which further step the service asks for; until that is
   *   done no tokens are held, or those of before
   * @throws PortcullisError `invalid_credentials`; `rate_limited`; `aborted` when `logOut` was
   *   called meanwhile, and so no tokens are held
   */
  logIn(input: Credentials): Promise<LoginResult>;
  /**
   * Answers the challenge of `logIn`.
   *
   * @throws PortcullisError `challenge_failed` for a wrong answer: another one may be tried;
   *   `invalid_challenge`: log in again; `rate_limited`; `aborted` as `logIn`
   */
  continueLogIn(input: ChallengeAnswer): Promise<LoginResult>;
  /**
   * Ends the session. The tokens are forgotten at once, whether or not the service answers.
   *
   * @returns the receipt; undefined when there was no session, or the service knew of none
   * @throws PortcullisError when the service could not be reached; calling it again tries again
   */
  logOut(input?: LogOutInput): Promise<Receipt | undefined>;
  /**
   * Ends every session of the user. The tokens are forgotten once the service has answered, and
   * kept with `keep_current`.
   */
  logOutEverywhere(input?: LogOutAllInput): Promise<Receipt>;
}

function demandClientOptions(options: PortcullisClientOptions): void {
  const of = 'createPortcullisClient';
  demandOption(typeof options === 'object' && options !== null, of, 'its argument', 'an object');
  const { auth, user, admin, transport, storage } = options;
  for (const [name, address] of Object.entries({ auth, user, admin })) {
    demandAddress(address, of, name);
  }
  const isTransport = transport === undefined || transport === 'body' || transport === 'cookie';
  demandOption(isTransport, of, 'transport', 'body or cookie');
  demandStorage(storage, of);
  demandTransport(options, of);
}

/**
 * @throws TypeError that names the option that cannot be meant: for an address that is not http or https, and for a storage or a key in cookie
 *   mode
 */
export function createPortcullisClient(options: PortcullisClientOptions): PortcullisClient {
  demandClientOptions(options);
  const { storage, transport = 'body', dpop } = options;
  const plain = options.fetch ?? globalThis.fetch;
  const fetch = dpop === undefined ? plain : dpopFetch(plain, dpop);
  if (transport === 'cookie' && storage !== undefined) {
    throw new TypeError(
      'createPortcullisClient: storage has to be left out in cookie mode, where there is nothing to store',
    );
  }
  if (transport === 'cookie' && dpop !== undefined) {
    throw new TypeError(
      'createPortcullisClient: dpop has to be left out in cookie mode, where no script sees a token to bind',
    );
  }
  const access =
    transport === 'cookie'
      ? cookieAccess(options.auth, fetch)
      : bearerAccess(options.auth, fetch, storage ?? memoryStorage());
  const auth = createRouterClient<AuthRouter>(options.auth, fetch, access.source);

  return {
    auth,
    user: createRouterClient<UserRouter>(options.user, fetch, access.source),
    admin: createRouterClient<AdminRouter>(options.admin, fetch, access.source),
    session: { id: access.sessionId, onSignedOut: access.onSignedOut },
    logIn: access.logIn,
    continueLogIn: access.continueLogIn,
    logOut: (input = {}) => access.logOut(input),
    async logOutEverywhere(input = {}) {
      const receipt = await auth.logoutAll.mutate(input);
      if (input.keep_current !== true) await access.forget();
      return receipt;
    },
  };
}

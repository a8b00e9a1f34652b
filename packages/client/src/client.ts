/** The services, as one logged-in user uses them. */
import type { AdminRouter, UserRouter } from '@portcullis/api';
import type { TRPCClient, TRPCLink } from '@trpc/client';
import type { BearerSource } from './bearer-fetch.ts';
import { demandClientOptions, type ClientOptions } from './client-options.ts';
import { dpopFetch } from './dpop.ts';
import type { Fetch } from './exchange.ts';
import type { ChallengeAnswer, Credentials, LoginResult } from './login-result.ts';
import { ownFetch } from './own-fetch.ts';
import { authClient, createRouterClient, foreignLink, type AuthClient } from './router-client.ts';
import { ByAddress } from './service-address.ts';
import type { LinkOptions } from './trpc-call.ts';
import type { AnyRouter } from './trpc-link.ts';
import { serviceClients, type ServiceClients } from './services.ts';
import type { SignInOptions } from './sign-in.ts';
import { bearerAccess, cookieAccess, type Receipt, type SessionAccess } from './session-access.ts';
import type { SessionState, SignedInListener, SignedOutListener } from './session-state.ts';
import { memoryStorage } from './token-storage.ts';

type LogOutInput = Parameters<AuthClient['logout']['mutate']>[0];
type LogOutAllInput = Parameters<AuthClient['logoutAll']['mutate']>[0];

/** The session of this client; its functions need no `this`. */
export interface ClientSession {
  /**
   * What is known now. The same object until something changes, so that
   * `useSyncExternalStore(session.subscribe, () => session.state)` of React may read it.
   */
  readonly state: SessionState;
  /** Calls back after every change of `state`. @returns how to stop that */
  subscribe(listener: () => void): () => void;
  /**
   * Resolves to the state once it is known: the storage was read, or, in cookie mode where nothing is noted of a
   * session, auth was asked.
   *
   * @throws PortcullisError when auth had to be asked and could not be
   */
  ready(): Promise<SessionState>;
  /** The id of the session that tokens are held for. */
  id(): Promise<string | undefined>;
  /**
   * Calls back with the id of a session when a user has logged in, here or in another tab that shares the storage;
   * not for tokens that were there before. @returns how to stop that
   */
  onSignedIn(listener: SignedInListener): () => void;
  /**
   * Calls back when the tokens are gone: by a logout here, or in another tab that shares the storage,
   * or because the service refused to refresh them. @returns how to stop that
   */
  onSignedOut(listener: SignedOutListener): () => void;
}

/** What every client has, whichever services it knows of. */
export interface SessionClient {
  /**
   * The router of auth. Every call carries the access token, refreshed when that is needed, and rejects
   * with `PortcullisError`. For login and logout use the functions below: they keep the tokens.
   */
  readonly auth: AuthClient;
  readonly session: ClientSession;
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
   * Sends the user to the pages of auth, to sign in there; `completeSignIn` goes on where they come back to.
   *
   * @throws PortcullisError when auth could not be asked who it is
   */
  signIn(options: SignInOptions): Promise<void>;
  /**
   * On the page that the user comes back to: exchanges the code in its address for the tokens, and takes it out of the
   * address.
   *
   * @param url the address that the user came back to; that of the page unless given
   * @returns undefined where the address holds no answer: no user has come back
   * @throws PortcullisError `invalid_code` when the code is used or expired, or the answer is not to a request of this tab:
   *   sign in again; `invalid_request` when auth refused the request
   */
  completeSignIn(url?: string): Promise<LoginResult | undefined>;
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
  /**
   * `fetch` with the access token, for what is below the addresses of this client's services: REST, GraphQL, other
   * libraries. A request that is refused for its token is sent again once, with a renewed one; calls at the same time
   * renew it once. Redirects are errors, since they would take the token along.
   *
   * @throws TypeError for any other address; the reason of the signal once that fires; PortcullisError `network` when no
   *   answer came, and what a renewal fails with. Any answer, a refusal too, is returned
   */
  readonly fetch: Fetch;
  /**
   * A link for a tRPC client of one's own: `createTRPCClient<OrdersRouter>({ links: [portcullis.link({ url })] })`. Queries
   * and mutations are one request each; subscriptions go over SSE, and come back by themselves.
   *
   * @throws TypeError for an address that is below none of this client's services
   */
  link<R extends AnyRouter>(options: LinkOptions): TRPCLink<R>;
  /**
   * The access token to send now, renewed when that is due, for what takes neither `fetch` nor `link`: a WebSocket, say.
   * Where tokens are bound to a key, it is of no use without a proof, which `fetch` makes.
   *
   * @returns undefined when there is no session
   * @throws TypeError in cookie mode, where no script sees it; PortcullisError when it had to be renewed and could not be
   */
  accessToken(): Promise<string | undefined>;
  /**
   * Renews the tokens, once for all calls at the same time.
   *
   * @param refused the access token that a service has refused; where another one is held already, that is the answer.
   *   Unless given, the one that is held
   * @returns the access token that is held then; undefined when there is no session, and in cookie mode
   * @throws PortcullisError `invalid_refresh_token` when the session is over
   */
  renew(refused?: string): Promise<string | undefined>;
}

/** A client of all three services of Portcullis. */
export interface PortcullisClient extends SessionClient {
  readonly user: TRPCClient<UserRouter>;
  readonly admin: TRPCClient<AdminRouter>;
  /** Of one's own services; see `services` among the options. */
  readonly services: object;
}

type NoServices = Record<string, { router?: undefined }>;

/** A client of the services that the options name. */
export type ClientFor<O extends ClientOptions> = SessionClient &
  (O extends { user: string } ? Pick<PortcullisClient, 'user'> : unknown) &
  (O extends { admin: string } ? Pick<PortcullisClient, 'admin'> : unknown) & {
    readonly services: ServiceClients<O extends { services: infer S } ? S : NoServices>;
  };

/**
 * @throws TypeError that names the option that cannot be meant: for an address that is not http or https, and for a storage or a key in cookie
 *   mode
 */
export function createPortcullisClient<const O extends ClientOptions>(options: O): ClientFor<O>;
export function createPortcullisClient(
  options: ClientOptions,
): SessionClient & Partial<PortcullisClient> {
  demandClientOptions(options);
  const { user, admin, storage, transport = 'body', dpop, services = {} } = options;
  const plain = options.fetch ?? globalThis.fetch;
  const fetch = dpop === undefined ? plain : dpopFetch(plain, dpop);
  const access =
    transport === 'cookie'
      ? cookieAccess(options.auth, fetch)
      : bearerAccess(options.auth, fetch, storage ?? memoryStorage());
  const { source } = access;
  const auth = authClient(options.auth, fetch, source);
  const ofUser =
    user === undefined ? {} : { user: createRouterClient<UserRouter>(user, fetch, source) };
  const ofAdmin =
    admin === undefined ? {} : { admin: createRouterClient<AdminRouter>(admin, fetch, source) };

  return {
    auth,
    ...ofUser,
    ...ofAdmin,
    services: serviceClients(services, fetch, () => source),
    session: sessionOf(access),
    ...requestsOf(options, fetch, source),
    accessToken: access.accessToken,
    renew: access.renew,
    logIn: access.logIn,
    continueLogIn: access.continueLogIn,
    async signIn(input) {
      const { beginSignIn } = await import('./sign-in.ts');
      await beginSignIn(options.auth, plain, input);
    },
    async completeSignIn(url) {
      const { addressOfPage, readAnswer } = await import('./sign-in.ts');
      const answer = readAnswer(url ?? addressOfPage());
      return answer === undefined ? undefined : await access.completeSignIn(answer);
    },
    logOut: (input = {}) => access.logOut(input),
    async logOutEverywhere(input = {}) {
      const receipt = await auth.logoutAll.mutate(input);
      if (input.keep_current !== true) await access.forget();
      return receipt;
    },
  };
}

function sessionOf({ states, sessionId, ready }: SessionAccess): ClientSession {
  return {
    get state() {
      return states.current;
    },
    subscribe: states.subscribe,
    ready,
    id: sessionId,
    onSignedIn: states.onSignedIn,
    onSignedOut: states.onSignedOut,
  };
}

function requestsOf(
  { auth, user, admin, services = {} }: ClientOptions,
  fetch: Fetch,
  source: BearerSource,
): Pick<SessionClient, 'fetch' | 'link'> {
  const own = Object.values(services).map(({ url }) => url);
  const urls = [auth, user, admin, ...own].filter((url) => url !== undefined);
  const sources = new ByAddress(urls.map((url) => [url, source]));
  return {
    fetch: ownFetch(fetch, sources),
    link: (options) => foreignLink(options, fetch, sources.of(new URL(options.url))),
  };
}

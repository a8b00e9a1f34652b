/** Users and clients of a test in one line, and tokens that have to be refused. */
import {
  clientIdOf,
  isSessionId,
  isUserId,
  newId,
  tokenCookieNames,
  type MachineClaims,
  type RevocationEvent,
  type Role,
  type SessionId,
  type UserClaims,
  type UserId,
} from '@portcullis/contracts';
import type { MemoryRevocations } from './memory-revocations.ts';
import type { Mint, Overrides } from './mint-options.ts';
import { revokeToken, type Revoked } from './revoke-token.ts';

/**
 * `good`; or refused: `expired`, `revoked` and `wrong_audience` with `invalid_token`, `stale` with `token_stale`, since the
 * roles that it says have changed.
 */
export type TokenState = 'good' | 'expired' | 'revoked' | 'stale' | 'wrong_audience';

/** `N`: the roles that there are. */
export interface SignInOptions<N extends string = Role> {
  roles?: readonly N[];
  /** One who has signed in before; a new one unless given. */
  userId?: string;
  /** `good` unless given. */
  state?: TokenState;
  /** Replaces any other claim; undefined removes one. */
  claims?: Overrides<UserClaims>;
}

export interface SignInMachineOptions {
  /** By single spaces; none unless given. */
  scope?: string;
  /** `cli_test` unless given. */
  clientId?: string;
  state?: Exclude<TokenState, 'stale'>;
  claims?: Overrides<MachineClaims>;
}

/** What a request of a machine brings. */
export interface SignedInMachine {
  readonly token: string;
  readonly headers: { readonly authorization: string };
}

/** What a request of a user brings, in either way. */
export interface SignedInUser extends SignedInMachine {
  readonly userId: UserId;
  readonly sessionId: SessionId;
  /** The cookie of cookie mode, for a browser. See `signInBrowser`. */
  readonly cookies: readonly { readonly name: string; readonly value: string }[];
  /** The headers of cookie mode, instead of `headers`: with the cookie, as the service's own page sends it. */
  readonly cookieHeaders: { readonly cookie: string; readonly 'sec-fetch-site': 'same-origin' };
}

export interface SignIns<N extends string = Role> {
  signIn(options?: SignInOptions<N>): Promise<SignedInUser>;
  signInMachine(options?: SignInMachineOptions): Promise<SignedInMachine>;
  revoke(token: string | { readonly token: string }, what?: Revoked): RevocationEvent;
}

const EXPIRED_FOR_SECONDS = 60;
const LIFE_SECONDS = 600;

/** @param now the issuer's clock, in milliseconds since the epoch */
export function createSignIns(
  mint: Mint,
  revocations: MemoryRevocations,
  now: () => number,
): SignIns<string> {
  /** Which generation the tokens of a user have from now on; absent: 0. */
  const generations = new Map<string, number>();
  const revoke: SignIns['revoke'] = (given, what) => {
    const event = revokeToken(revocations, typeof given === 'string' ? given : given.token, what);
    if (event.kind === 'subject' || event.kind === 'claims_changed') {
      generations.set(event.key, Math.max(event.generation, generations.get(event.key) ?? 0));
    }
    return event;
  };

  return {
    revoke,
    async signIn({ roles = [], userId, state = 'good', claims = {} } = {}) {
      const ids = idsOf(userId, claims);
      const gen = generations.get(ids.sub) ?? 0;
      const token = await mint.user({
        ...ids,
        gen,
        roles: [...roles],
        ...timesOf(state, now),
        ...claims,
      });
      if (state === 'revoked') revoke(token);
      if (state === 'stale') revoke(token, 'claims');
      return signedIn(token, ids);
    },
    async signInMachine({ scope = '', clientId = 'cli_test', state = 'good', claims = {} } = {}) {
      const client = clientIdOf(clientId);
      const own = { sub: client, client_id: client, scope, ...timesOf(state, now) };
      const token = await mint.machine({ ...own, ...claims });
      if (state === 'revoked') revoke(token);
      return { token, headers: { authorization: `Bearer ${token}` } };
    },
  };
}

/** @throws TypeError for a text that is not the id of a user */
function idsOf(given: string | undefined, claims: Overrides<UserClaims>) {
  const userId = claims.sub ?? given ?? newId('usr');
  if (!isUserId(userId)) {
    throw new TypeError("signIn: userId has to be the id of a user, as newId('usr') makes one");
  }
  return { sub: userId, sid: isSessionId(claims.sid) ? claims.sid : newId('ses') };
}

function timesOf(
  state: TokenState,
  now: () => number,
): { aud?: string; exp?: number; iat?: number } {
  if (state === 'wrong_audience') return { aud: 'urn:portcullis:of-another-service' };
  if (state !== 'expired') return {};
  const exp = Math.floor(now() / 1_000) - EXPIRED_FOR_SECONDS;
  return { exp, iat: exp - LIFE_SECONDS };
}

function signedIn(token: string, { sub, sid }: { sub: UserId; sid: SessionId }): SignedInUser {
  const { access } = tokenCookieNames(false);
  return {
    token,
    userId: sub,
    sessionId: sid,
    headers: { authorization: `Bearer ${token}` },
    cookies: [{ name: access, value: token }],
    cookieHeaders: { cookie: `${access}=${token}`, 'sec-fetch-site': 'same-origin' },
  };
}

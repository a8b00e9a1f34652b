/**
 * Lets a request in or refuses it, in any framework: request → caller or refusal → status, headers and body.
 *
 * Invariants: a request is let in only when its token holds at this moment, its caller is one that is required,
 * and the login behind it is what is demanded; what cannot be known is refused. The check is made each time
 * it is asked for, so that a revocation between two calls of one request is seen. What is demanded is what
 * was meant at construction: nothing that happens to the options later changes it.
 */
import {
  demandMethods,
  demandOption,
  demandRequirement,
  OWN_ACCESS,
  Refusal,
  type AccessRules,
  type AccessTokenClaims,
  type ClaimsOf,
  type Permission,
  type Requirement,
  type Role,
} from '@portcullis/contracts';
import { demandNonce } from '../proof/dpop-nonces.ts';
import { nonceOfProof } from '../proof/nonce-of-proof.ts';
import type { Possession } from '../proof/possession.ts';
import type { Verifier } from '../verifier.ts';
import type { RequestLike } from '../wire/request.ts';
import { answerOf, type RefusalAnswer } from './answer.ts';
import { demandLogin } from './demand-login.ts';
import { nonceHeaders, type NonceHeaders } from './nonce-headers.ts';
import { guardSettings, type GuardOptions, type GuardSettings } from './options.ts';
import { tokenOf, type TokenOfRequest } from './token-of.ts';

/**
 * What tells whether a token holds: a verifier, or an issuer's own check. One without `access` has Portcullis' own
 * roles alone.
 */
export type TokenCheck = Pick<Verifier, 'verifyMaybeSync'> &
  Partial<Pick<Verifier<string, string>, 'watch' | 'issuerNowMs' | 'access' | 'noteRefusal'>>;

/**
 * What a guard by this check may require: the permissions and the roles that its verifier was made with. Of a check
 * whose names are not known, any; it has Portcullis' own where it has no `access`.
 */
export type RequirementBy<V extends TokenCheck> = 'access' extends keyof V
  ? NonNullable<V['access']> extends AccessRules<infer P extends string, infer N extends string>
    ? Requirement<P, N>
    : never
  : Requirement<Permission, Role>;

/** A caller that was let in, or the refusal with the answer to it. */
export type Checked<C extends AccessTokenClaims> =
  | {
      caller: C;
      /** Of the answer, whatever it is: `headersOf`. */
      headers: NonceHeaders;
      refusal?: undefined;
      answer?: undefined;
    }
  | { caller?: undefined; headers?: undefined; refusal: Refusal; answer: RefusalAnswer };

/** A caller whose token goes on being checked. Dispose of it when what it was opened for has ended. */
export interface WatchedCaller<C extends AccessTokenClaims> extends Disposable {
  caller: C;
  /** Fires when the token holds no longer; `reason` is a `Refusal`, as `Watched` has it. */
  signal: AbortSignal;
}

/** A guard by a check that watches nothing. */
export interface RequestGuard<C extends AccessTokenClaims = AccessTokenClaims> {
  /**
   * @param request the very object that stands for the request, so that a proof in it is taken once
   * @param requestId names the request in a refusal; that of `requestIdOf` unless given
   * @throws whatever is no refusal: a defect
   */
  check(request: RequestLike, requestId?: string): Promise<Checked<C>>;
  /**
   * The claims of the caller, without a promise wherever nothing has to be waited for.
   *
   * @throws Refusal at once or by the promise: those of `Verifier.verify`; `cross_site` for a cookie that must
   *   not count; `insufficient_scope`; `login_too_old` and `login_too_weak`; `use_dpop_nonce`
   */
  authenticate(request: RequestLike): C | Promise<C>;
  /** What is answered to a request that was refused, here or by what it asked for. */
  answerOf(refusal: Refusal, request: RequestLike, requestId?: string): RefusalAnswer;
  /** `dpop-nonce`, where the client needs the next one (RFC 9449 section 8.2), and `no-store`: for an answer that is no refusal. */
  headersOf(request: RequestLike): NonceHeaders;
  /** Whether proofs have to hold a nonce: not for sockets. */
  readonly demandsNonces: boolean;
  /** What roles carry, as its verifier knows it: for what a handler decides by itself. */
  readonly access: AccessRules<string, string>;
}

export interface Guard<C extends AccessTokenClaims = AccessTokenClaims> extends RequestGuard<C> {
  /** Checks, and goes on doing so: for streams and sockets. @throws Refusal as `authenticate` */
  watch(request: RequestLike): Promise<WatchedCaller<C>>;
}

/**
 * @param verifier of `createVerifier`; a check that watches nothing makes a guard that cannot either
 * @throws TypeError that names the option that cannot be meant
 * @example
 * const verifier = await createVerifier<PermissionOf<typeof config>, RoleOf<typeof config>>(settings);
 * const guard = createGuard(verifier, { require: { permission: 'users:read' } });
 * const { caller, answer } = await guard.check(request);
 * if (answer !== undefined) return Response.json(answer.body, answer);
 */
export function createGuard<
  V extends TokenCheck,
  const R extends RequirementBy<V> | 'user' = 'user',
>(verifier: V, options?: GuardOptions<R>): GuardBy<V, ClaimsOf<R>>;
export function createGuard<const R extends Requirement<string, string> = 'user'>(
  verifier: TokenCheck,
  options: GuardOptions<R> = {},
): RequestGuard<ClaimsOf<R>> | Guard<ClaimsOf<R>> {
  demandMethods(verifier, 'guard', 'its verifier', ['verifyMaybeSync']);
  const settings = guardSettings(options);
  if (settings.login?.maxAgeSeconds !== undefined) {
    const tellsTime = 'issuerNowMs' in verifier;
    demandOption(tellsTime, 'guard', 'login.maxAgeSeconds', 'left out: its verifier tells no time');
  }
  const demandCaller = (claims: AccessTokenClaims): asserts claims is ClaimsOf<R> => {
    // Asked for each time: a verifier may come after the guard.
    demandRequirement(claims, settings.required, verifier.access ?? OWN_ACCESS);
  };
  return watches(verifier)
    ? new WatchingGuard(verifier, settings, demandCaller)
    : new CheckingGuard(verifier, settings, demandCaller);
}

/** One that can watch, where its check can. */
export type GuardBy<V extends TokenCheck, C extends AccessTokenClaims> =
  V extends Pick<Verifier, 'watch'> ? Guard<C> : RequestGuard<C>;

type WatchingCheck = TokenCheck & Pick<Verifier, 'watch'>;

function watches(verifier: TokenCheck): verifier is WatchingCheck {
  return verifier.watch !== undefined;
}

type DemandCaller<C extends AccessTokenClaims> = (claims: AccessTokenClaims) => asserts claims is C;

class CheckingGuard<C extends AccessTokenClaims> implements RequestGuard<C> {
  readonly #verifier: TokenCheck;
  readonly #demandCaller: DemandCaller<C>;
  protected readonly settings: GuardSettings;

  constructor(verifier: TokenCheck, settings: GuardSettings, demandCaller: DemandCaller<C>) {
    this.#verifier = verifier;
    this.#demandCaller = demandCaller;
    this.settings = settings;
  }

  get access(): AccessRules<string, string> {
    return this.#verifier.access ?? OWN_ACCESS;
  }

  get demandsNonces(): boolean {
    return this.settings.nonces !== undefined;
  }

  async check(request: RequestLike, requestId?: string): Promise<Checked<C>> {
    try {
      return { caller: await this.authenticate(request), headers: this.headersOf(request) };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { refusal: error, answer: this.answerOf(error, request, requestId) };
    }
  }

  authenticate(request: RequestLike): C | Promise<C> {
    const { ofBearers } = this.settings;
    const { token, possession } = this.tokenOf(request);
    const options = possession === undefined ? ofBearers : { ...ofBearers, possession };
    const claims = this.#verifier.verifyMaybeSync(token, options);
    // Almost always they are here: a request waits for nothing, and makes nothing, that it need not.
    if (!(claims instanceof Promise)) return this.demand(claims, possession);
    return claims.then((late) => this.demand(late, possession));
  }

  answerOf(refusal: Refusal, request: RequestLike, requestId?: string): RefusalAnswer {
    const { policy } = this.settings;
    const answer = answerOf(refusal, request, { ...policy, requestId });
    return { ...answer, headers: { ...this.headersOf(request), ...answer.headers } };
  }

  headersOf(request: RequestLike): NonceHeaders {
    return nonceHeaders(this.settings.nonces, request);
  }

  /**
   * @param possession which the token has been verified with
   * @throws Refusal for a token that holds, and does not reach
   */
  protected demand(claims: AccessTokenClaims, possession: Possession | undefined): C {
    const { nonces, login } = this.settings;
    try {
      if (nonces !== undefined && possession !== undefined) {
        demandNonce(nonces, nonceOfProof(possession.proofs[0] ?? ''));
      }
      this.#demandCaller(claims);
      if (login !== undefined) demandLogin(claims, login, this.#verifier.issuerNowMs);
      return claims;
    } catch (error) {
      this.#note(error);
      throw error;
    }
  }

  protected tokenOf(request: RequestLike): TokenOfRequest {
    try {
      return tokenOf(request, this.settings.policy);
    } catch (error) {
      this.#note(error);
      throw error;
    }
  }

  /** What the check has refused it has counted itself. */
  #note(error: unknown): void {
    if (error instanceof Refusal) this.#verifier.noteRefusal?.(error);
  }
}

class WatchingGuard<C extends AccessTokenClaims> extends CheckingGuard<C> implements Guard<C> {
  readonly #verifier: WatchingCheck;

  constructor(verifier: WatchingCheck, settings: GuardSettings, demandCaller: DemandCaller<C>) {
    super(verifier, settings, demandCaller);
    this.#verifier = verifier;
  }

  async watch(request: RequestLike): Promise<WatchedCaller<C>> {
    const { token, possession } = this.tokenOf(request);
    const watched = await this.#verifier.watch(token, { possession });
    try {
      const { signal, [Symbol.dispose]: release } = watched;
      return {
        caller: this.demand(watched.claims, possession),
        signal,
        [Symbol.dispose]: release,
      };
    } catch (error) {
      watched[Symbol.dispose]();
      throw error;
    }
  }
}

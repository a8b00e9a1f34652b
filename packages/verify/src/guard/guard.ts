/**
 * Lets a request in or refuses it, in any framework: request → caller or refusal → status, headers and body.
 *
 * Invariants: a request is let in only when its token holds at this moment, its caller is one that is required,
 * and the login behind it is what is demanded; what cannot be known is refused. The check is made each time
 * it is asked for, so that a revocation between two calls of one request is seen.
 */
import {
  demandMethods,
  demandOption,
  isUserClaims,
  meets,
  Refusal,
  type AccessTokenClaims,
  type ClaimsOf,
  type Demanded,
  type Requirement,
} from '@portcullis/contracts';
import type { DpopNonces } from '../proof/dpop-nonces.ts';
import { nonceOfProof } from '../proof/dpop-proof.ts';
import type { Possession } from '../proof/possession.ts';
import type { Verifier, VerifyOptions } from '../verifier.ts';
import type { RequestLike } from '../wire/request.ts';
import { answerOf, type RefusalAnswer } from './answer.ts';
import { demandGuardOptions, type GuardOptions, type LoginDemands } from './options.ts';
import type { RefusalHeaders } from './refusal-headers.ts';
import { tokenOf } from './token-of.ts';

/** What tells whether a token holds: a verifier, or an issuer's own check. */
export type TokenCheck = Pick<Verifier, 'verifyMaybeSync'> &
  Partial<Pick<Verifier, 'watch' | 'issuerNowMs'>>;

/** A caller that was let in, or the refusal with the answer to it. */
export type Checked<C extends AccessTokenClaims> =
  | {
      caller: C;
      /** Of the answer, whatever it is: `dpop-nonce`, where the client needs the next one (RFC 9449 section 8.2). */
      headers: Pick<RefusalHeaders, 'dpop-nonce'>;
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

export interface Guard<C extends AccessTokenClaims = AccessTokenClaims> {
  /**
   * @param request the very object that stands for the request, so that a proof in it is taken once
   * @param requestId names the request in the body of a refusal
   * @throws whatever is no refusal: a defect
   */
  check(request: RequestLike, requestId?: string): Promise<Checked<C>>;
  /**
   * The claims of the caller, without a promise wherever nothing has to be waited for.
   *
   * @throws Refusal at once or by the promise: those of `Verifier.verify`; `cross_site` for a cookie that must
   *   not count; `insufficient_scope`; `login_too_old` and `login_too_weak`
   */
  authenticate(request: RequestLike): C | Promise<C>;
  /** Checks, and goes on doing so: for streams and sockets. @throws Refusal as `authenticate` */
  watch(request: RequestLike): Promise<WatchedCaller<C>>;
  /** What is answered to a request that was refused, here or by what it asked for. */
  answerOf(refusal: Refusal, request: RequestLike, requestId?: string): RefusalAnswer;
}

/**
 * @param verifier of `createVerifier`
 * @throws TypeError that names the option that cannot be meant
 * @example
 * const guard = createGuard(verifier, { require: { permission: 'users:read' } });
 * const { caller, answer } = await guard.check(request);
 * if (answer !== undefined) return Response.json(answer.body, answer);
 */
export function createGuard<const R extends Requirement = 'user'>(
  verifier: TokenCheck,
  options: GuardOptions<R> = {},
): Guard<ClaimsOf<R>> {
  demandMethods(verifier, 'guard', 'its verifier', ['verifyMaybeSync']);
  demandGuardOptions(options);
  const { login } = options;
  if (login?.maxAgeSeconds !== undefined) {
    const tellsTime = 'issuerNowMs' in verifier;
    demandOption(tellsTime, 'guard', 'login.maxAgeSeconds', 'left out: its verifier tells no time');
  }
  const required: Requirement = options.require ?? 'user';
  const isRequired = (claims: AccessTokenClaims): claims is ClaimsOf<R> => meets(claims, required);
  return new RequestGuard(verifier, options, isRequired);
}

class RequestGuard<C extends AccessTokenClaims> implements Guard<C> {
  readonly #verifier: TokenCheck;
  readonly #options: GuardOptions;
  readonly #isRequired: (claims: AccessTokenClaims) => claims is C;
  readonly #demanded: Demanded;

  constructor(
    verifier: TokenCheck,
    options: GuardOptions,
    isRequired: (claims: AccessTokenClaims) => claims is C,
  ) {
    this.#verifier = verifier;
    this.#options = options;
    this.#isRequired = isRequired;
    const { require, login } = options;
    const scope = typeof require === 'object' && 'scope' in require ? require.scope : undefined;
    this.#demanded = { scope, acr_values: login?.acr?.join(' '), max_age: login?.maxAgeSeconds };
  }

  async check(request: RequestLike, requestId?: string): Promise<Checked<C>> {
    try {
      return { caller: await this.authenticate(request), headers: this.#headersOf(request) };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { refusal: error, answer: this.answerOf(error, request, requestId) };
    }
  }

  authenticate(request: RequestLike): C | Promise<C> {
    const { token, possession } = tokenOf(request, this.#options);
    const { whenStale } = this.#options;
    const claims = this.#verifier.verifyMaybeSync(token, optionsOf(whenStale, possession));
    // Almost always they are here: a request waits for nothing, and makes nothing, that it need not.
    if (!(claims instanceof Promise)) return this.#demand(claims, possession);
    return claims.then((late) => this.#demand(late, possession));
  }

  async watch(request: RequestLike): Promise<WatchedCaller<C>> {
    const { token, possession } = tokenOf(request, this.#options);
    if (this.#verifier.watch === undefined) throw new Error('tokens are not watched here');
    const watched = await this.#verifier.watch(token, optionsOf(undefined, possession));
    try {
      const { signal, [Symbol.dispose]: release } = watched;
      return {
        caller: this.#demand(watched.claims, possession),
        signal,
        [Symbol.dispose]: release,
      };
    } catch (error) {
      watched[Symbol.dispose]();
      throw error;
    }
  }

  answerOf(refusal: Refusal, request: RequestLike, requestId?: string): RefusalAnswer {
    const { cookies } = this.#options;
    return answerOf(refusal, request, { cookies, ...(requestId !== undefined && { requestId }) });
  }

  /**
   * @param possession which the token has been verified with
   * @throws Refusal for a token that holds, and does not reach
   */
  #demand(claims: AccessTokenClaims, possession: Possession | undefined): C {
    this.#demandNonce(possession);
    if (!this.#isRequired(claims)) {
      const { scope } = this.#demanded;
      throw new Refusal('insufficient_scope', { demanded: { scope } });
    }
    if (this.#options.login !== undefined) this.#demandLogin(claims, this.#options.login);
    return claims;
  }

  /** @throws Refusal `use_dpop_nonce` */
  #demandNonce(possession: Possession | undefined): void {
    const { nonces } = this.#options;
    if (nonces === undefined || possession === undefined) return;
    if (nonceStateOf(nonces, possession) === null) {
      throw new Refusal('use_dpop_nonce', { dpopNonce: nonces.issue() });
    }
  }

  #headersOf(request: RequestLike): Pick<RefusalHeaders, 'dpop-nonce'> {
    const { nonces } = this.#options;
    if (nonces === undefined) return {};
    const { possession } = tokenOf(request, this.#options);
    const isOld = possession !== undefined && nonceStateOf(nonces, possession)?.needsRenewal;
    return isOld === true ? { 'dpop-nonce': nonces.issue() } : {};
  }

  #demandLogin(claims: AccessTokenClaims, { acr, maxAgeSeconds }: LoginDemands): void {
    if (!isUserClaims(claims)) throw new Refusal('insufficient_scope');
    const { acr_values, max_age } = this.#demanded;
    const demanded = { acr_values, max_age };
    if (acr !== undefined && (claims.acr === undefined || !acr.includes(claims.acr))) {
      throw new Refusal('login_too_weak', { demanded });
    }
    if (maxAgeSeconds === undefined) return;
    const now = (this.#verifier.issuerNowMs ?? Number.NEGATIVE_INFINITY) / 1_000;
    // No age can be judged before the first word from the issuer.
    if (!Number.isFinite(now)) throw new Refusal('verifier_stale', { retryAfter: 1 });
    if (now - claims.auth_time > maxAgeSeconds) throw new Refusal('login_too_old', { demanded });
  }
}

/** @returns null for a proof without a nonce of ours that is still good */
function nonceStateOf(nonces: DpopNonces, { proofs: [text] }: Possession) {
  const nonce = text === undefined ? undefined : nonceOfProof(text);
  return nonce === undefined ? null : nonces.read(nonce);
}

const NO_OPTIONS: VerifyOptions = {};

function optionsOf(
  whenStale: VerifyOptions['whenStale'],
  possession: VerifyOptions['possession'],
): VerifyOptions {
  if (whenStale === undefined) return possession === undefined ? NO_OPTIONS : { possession };
  return { whenStale, possession };
}

/**
 * The verifier of a service, from before it exists: a service listens, and answers its probes, while
 * it still waits for NATS. Until then it cannot be sure of any token, and says so.
 */
import { Refusal, type AccessTokenClaims } from '@portcullis/contracts';
import {
  createVerifier,
  type Verifier,
  type VerifierOptions,
  type Watched,
} from '@portcullis/verify';
import type { FastifyRequest } from 'fastify';
import type { Registry } from 'prom-client';
import { presentedToken } from './http/presented-token.ts';
import { observeVerifier, verifierIsFresh } from './metrics/verifier-metrics.ts';

/** Seconds after which a client asks again. */
const RETRY_AFTER = 1;

export class Verification implements AsyncDisposable {
  readonly #registry: Registry;
  readonly #publicUrls: readonly string[];
  #verifier: Verifier | undefined;

  /** @param publicUrls where clients reach this service; proofs name one of them */
  constructor(registry: Registry, publicUrls: readonly string[]) {
    this.#registry = registry;
    this.#publicUrls = publicUrls;
  }

  /** Accepts tokens from the first grant on, which is some milliseconds later. */
  async start(options: VerifierOptions): Promise<Verifier> {
    const verifier = await createVerifier(options);
    observeVerifier(this.#registry, verifier);
    this.#verifier = verifier;
    return verifier;
  }

  /** @throws Refusal `invalid_token`, `token_stale`, `invalid_dpop_proof`, `verifier_stale` or `unavailable` */
  readonly authenticate = async (request: FastifyRequest): Promise<AccessTokenClaims> => {
    const { token, ...options } = presentedToken(request, this.#publicUrls);
    return this.#present().verifyAtOnce(token, options);
  };

  /** The same, for a stream: goes on until it is disposed of. */
  readonly watch = async (request: FastifyRequest): Promise<Watched> => {
    const { token, ...options } = presentedToken(request, this.#publicUrls);
    return this.#present().watch(token, options);
  };

  /** A readiness check. */
  readonly check = (): void => verifierIsFresh(this.#verifier);

  #present(): Verifier {
    if (this.#verifier === undefined) {
      throw new Refusal('verifier_stale', { retryAfter: RETRY_AFTER });
    }
    return this.#verifier;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#verifier?.[Symbol.asyncDispose]();
  }
}

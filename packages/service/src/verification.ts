/**
 * The verifier of a service, from before it exists: a service listens, and answers its probes, while
 * it still waits for NATS. Until then it cannot be sure of any token, and says so.
 */
import { OWN_ACCESS, Refusal } from '@portcullis/contracts';
import {
  createVerifier,
  type Verifier,
  type VerifierOptions,
  type VerifierProblem,
} from '@portcullis/verify';
import type { TokenPolicy } from '@portcullis/verify/guard';
import type { Registry } from 'prom-client';
import type { Logger } from './logger.ts';
import { createServiceGuard, type ServiceGuard } from './service-guard.ts';
import { observeVerifier, verifierHasKeys, verifierIsFresh } from './metrics/verifier-metrics.ts';

/** Seconds after which a client asks again. */
const RETRY_AFTER_S = 1;

export class Verification implements AsyncDisposable {
  readonly #registry: Registry;
  readonly guard: ServiceGuard;
  readonly #logger: Logger | undefined;
  #verifier: Verifier | undefined;

  /** @param policy where a token may be, and where clients reach this service; proofs name one of these */
  constructor(registry: Registry, policy: TokenPolicy, logger?: Logger) {
    this.#registry = registry;
    this.guard = this.#createGuard(policy);
    this.#logger = logger;
  }

  #createGuard(policy: TokenPolicy): ServiceGuard {
    const present = (): Verifier | undefined => this.#verifier;
    return createServiceGuard(
      {
        verifyMaybeSync: (token, options) => this.#present().verifyMaybeSync(token, options),
        watch: async (token, options) => await this.#present().watch(token, options),
        get access() {
          return present()?.access ?? OWN_ACCESS;
        },
        get issuerNowMs() {
          return present()?.issuerNowMs ?? Number.NEGATIVE_INFINITY;
        },
      },
      policy,
    );
  }

  /** Accepts tokens from the first grant on, which is some milliseconds later. */
  async start(options: VerifierOptions): Promise<Verifier> {
    const verifier = await createVerifier({ onProblem: this.#tellOfProblem, ...options });
    observeVerifier(this.#registry, verifier);
    this.#tellOfKeySet(verifier);
    this.#verifier = verifier;
    return verifier;
  }

  /** Checks of the readiness of a service. */
  readonly readiness = {
    verifier: (): void => verifierIsFresh(this.#verifier),
    key_set: () => verifierHasKeys(this.#verifier),
  };

  /** A line for each change, not for each fetch. The first one failed before there was a listener. */
  #tellOfKeySet(verifier: Verifier): void {
    const logger = this.#logger;
    if (logger === undefined) return;
    const unavailable = 'key set unavailable; tokens of unknown keys are answered 503';
    if (verifier.keySet.lastFetch === 'failed') logger.warn(unavailable);
    verifier.onKeySet((err) => {
      if (err === undefined) logger.info('key set available again');
      else logger.warn({ err }, unavailable);
    });
    verifier.onKilledKeys((kids) => {
      logger.error({ kids }, 'the issuer publishes killed keys; what they sign is refused');
    });
  }

  readonly #tellOfProblem = ({ of, reason, isOver }: VerifierProblem): void => {
    this.#logger?.[isOver ? 'info' : 'warn']({ problem: of }, reason);
  };

  #present(): Verifier {
    if (this.#verifier === undefined) {
      throw new Refusal('verifier_stale', { retryAfter: RETRY_AFTER_S, reason: 'not_ready' });
    }
    return this.#verifier;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#verifier?.[Symbol.asyncDispose]();
  }
}

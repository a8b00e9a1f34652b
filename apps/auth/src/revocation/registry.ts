/**
 * Which verifiers may be fresh.
 *
 * Invariant: an incarnation is discounted only by an instance that has itself watched it go without
 * a renewal for S and a margin, on its own monotonic clock. Wall clocks step, and are not asked.
 */
import type { EpochId, GrantRequest, IncarnationId } from '@portcullis/contracts';

export interface RegisteredVerifier {
  incarnation: IncarnationId;
  service: string;
  policy: string;
  maxStalenessMs: number;
  epoch: EpochId | null;
  /** Everything up to here was applied when it last asked. */
  position: number;
  /**
   * Another number after every grant, and never a former one again: not even when the incarnation was
   * discounted meanwhile and has come back. So whoever sees the same number twice knows that nothing
   * was granted in between.
   */
  renewals: number;
  renewedMsAgo: number;
}

export interface RegistrySnapshot {
  verifiers: RegisteredVerifier[];
  /** The database's clock, milliseconds since the epoch. */
  issuerTime: number;
  epoch: EpochId;
  head: number;
}

export interface VerifierRegistry {
  /**
   * Commits that these incarnations may soon be fresh.
   *
   * @returns those that were taken; one service may not have registrations without end
   */
  register(requests: readonly GrantRequest[], maxStalenessMs: number): Promise<Set<IncarnationId>>;
  /** In a snapshot that begins after the call. */
  list(): Promise<RegistrySnapshot>;
  /** Only if it has not renewed since. */
  discount(incarnation: IncarnationId, renewals: number): Promise<void>;
  remove(incarnation: IncarnationId, service: string): Promise<void>;
}

/** Covers clocks that run at slightly different rates. Milliseconds. */
const MARGIN_MS = 1_000;

type Observations = Map<IncarnationId, { verifier: RegisteredVerifier; since: number }>;

/** This instance's own observation of who still renews. */
export class RenewalWatch {
  readonly #monotonic: () => number;
  #seen: Observations = new Map();

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  /** Takes note of a look at the registry. */
  observe(verifiers: readonly RegisteredVerifier[]): void {
    const now = this.#monotonic();
    const seen: Observations = new Map();
    for (const verifier of verifiers) {
      const before = this.#seen.get(verifier.incarnation);
      const renewed = before?.verifier.renewals !== verifier.renewals;
      seen.set(verifier.incarnation, { verifier, since: renewed ? now : before.since });
    }
    this.#seen = seen;
  }

  /** Whether it can no longer be fresh, whatever has happened to it. */
  hasExpired(incarnation: IncarnationId): boolean {
    const seen = this.#seen.get(incarnation);
    return (
      seen !== undefined &&
      this.#monotonic() - seen.since > seen.verifier.maxStalenessMs + MARGIN_MS
    );
  }

  expired(): RegisteredVerifier[] {
    return [...this.#seen.values()]
      .map(({ verifier }) => verifier)
      .filter(({ incarnation }) => this.hasExpired(incarnation));
  }
}

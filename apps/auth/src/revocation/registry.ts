/**
 * Which verifiers may be fresh.
 *
 * Invariant (SPEC.md A8): an incarnation is discounted only by an instance that has itself watched it go without
 * a renewal for S and a margin, on its own monotonic clock. Wall clocks step, and are not asked.
 */
import type { EpochId, GrantRequest, IncarnationId } from '@portcullis/contracts';

export interface RegisteredVerifier {
  incarnation: IncarnationId;
  service: string;
  policy: string;
  maxStalenessMs: number;
  epoch: EpochId | null;
  /**
   * Everything up to here was applied when it asked for its last grant. Not the greatest that it ever
   * asked from: where questions overtake each other a lower one costs a later confirmation, and where
   * the log has gone back a greater one would be a false one.
   */
  position: number;
  /**
   * Another number after every grant, and never a former one again: not even when the incarnation was
   * discounted meanwhile and has come back. So a reader that sees the same number twice knows that
   * nothing was granted in between.
   */
  renewals: number;
  renewedMsAgo: number;
  /** Which kinds of revocations it has said it reads; null until it has, and for ever of a release that never does. */
  kinds: readonly string[] | null;
  /** The number of the mapping of roles that it has said it enforces; null until it has. */
  access: number | null;
}

export interface RegistrySnapshot {
  verifiers: RegisteredVerifier[];
  /** The database's clock, milliseconds since the epoch. */
  issuerTime: number;
  epoch: EpochId;
  head: number;
}

/** The outcome of a request to be registered. */
export interface Registration {
  /** The highest position that was given out, as read with the registration. */
  head: number;
  /**
   * It has asked from beyond that head, in the same epoch: of a history that was lost. It is
   * registered, since it may be fresh by a grant of before, and its position counts for nothing.
   */
  isBeyond: boolean;
  /** It has not said which kinds of revocations it reads. */
  kindsUnknown: boolean;
  /** The number of the mapping of roles that it has said it enforces; null until it has. */
  access: number | null;
}

export interface VerifierRegistry {
  /**
   * Commits that these incarnations may soon be fresh. The head is read in the same snapshot, which
   * begins after the questions came.
   *
   * @returns those that were taken; one service may not have registrations without end
   */
  register(
    requests: readonly GrantRequest[],
    maxStalenessMs: number,
  ): Promise<Map<IncarnationId, Registration>>;
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

  /** Whether it can no longer be fresh, in every case. */
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

/** The answer to everything that ends access: who has confirmed it, and by when it must hold. */
interface PendingVerifier {
  service: string;
  incarnation: string;
}

export interface Receipt {
  revoked: { kind: string; id: string };
  /** The commit, by the clock of the database; ISO 8601. */
  committed_at: string;
  /** Whether the bus took the push. The bound below does not depend on it. */
  published: boolean;
  /** Running verifiers that have confirmed. Equal to `expected`: none accepts the token now. */
  confirmed: number;
  expected: number;
  pending: PendingVerifier[];
  /** Verifiers with policy `accept`: nothing can be promised for them, and they are not counted. */
  best_effort: PendingVerifier[];
  /** The moment after which no verifier can accept it, through every failure in between. */
  enforced_by: string;
}

/** The answer to everything that ends access: who has confirmed it, and by when it must hold. */
interface PendingVerifier {
  service: string;
  incarnation: string;
}

/** The answer to a change of what roles carry. */
export interface AccessReceipt {
  /** Of the mapping that counts. */
  number: number;
  /** The commit, by the clock of the database; ISO 8601. */
  committed_at: string;
  /** Running verifiers that enforce it. Equal to `expected`: none goes by a mapping of before now. */
  confirmed: number;
  expected: number;
  pending: PendingVerifier[];
  /** Verifiers with policy `accept`: nothing can be promised for them, and they are not counted. */
  best_effort: PendingVerifier[];
  /** The moment after which no verifier goes by a mapping of before, through every failure in between. */
  enforced_by: string;
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

/** The answer to everything that ends access: who has confirmed it, and by when it must hold. */
import * as z from 'zod';

export const pendingVerifier = z.object({ service: z.string(), incarnation: z.string() });

export const receipt = z.object({
  revoked: z.object({ kind: z.string(), id: z.string() }),
  /** The commit, by the clock of the database; ISO 8601. */
  committed_at: z.iso.datetime(),
  /** Whether the bus took the push. The bound below does not depend on it. */
  published: z.boolean(),
  /** Running verifiers that have confirmed. Equal to `expected`: none accepts the token now. */
  confirmed: z.int().min(0),
  expected: z.int().min(0),
  pending: z.array(pendingVerifier),
  /** Verifiers with policy `accept`: nothing can be promised for them, and they are not counted. */
  unpromised: z.array(pendingVerifier),
  /** The moment after which no verifier can accept it, whatever has failed in between. */
  enforced_by: z.iso.datetime(),
});
export type Receipt = z.infer<typeof receipt>;

/** How long the caller is willing to wait for confirmations, in milliseconds. */
export const receiptWait = z.int().min(0).max(10_000).default(250);

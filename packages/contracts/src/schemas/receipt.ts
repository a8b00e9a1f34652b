import * as z from 'zod';

const pendingVerifier = z.object({ service: z.string(), incarnation: z.string() });

export const accessReceipt = z.object({
  number: z.int().min(0),
  committed_at: z.iso.datetime(),
  confirmed: z.int().min(0),
  expected: z.int().min(0),
  pending: z.array(pendingVerifier),
  best_effort: z.array(pendingVerifier),
  enforced_by: z.iso.datetime(),
});

export const receipt = z.object({
  revoked: z.object({ kind: z.string(), id: z.string() }),
  committed_at: z.iso.datetime(),
  published: z.boolean(),
  confirmed: z.int().min(0),
  expected: z.int().min(0),
  pending: z.array(pendingVerifier),
  best_effort: z.array(pendingVerifier),
  enforced_by: z.iso.datetime(),
});

/** How long the caller is willing to wait for confirmations, in milliseconds. */
export const receiptWait = z.int().min(0).max(10_000).default(250);

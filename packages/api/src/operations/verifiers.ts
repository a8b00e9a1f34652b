/** The running verifiers as administrators see them. */
import { accessReceipt, receiptWait } from '@portcullis/contracts/schemas';
import * as z from 'zod';
import type { Operations } from './operation.ts';

export const verifier = z.object({
  service: z.string(),
  incarnation: z.string(),
  policy: z.string(),
  /** Everything up to here it has confirmed: with its last question, or by acknowledging it since. */
  position: z.int(),
  /** How many events of the log it has not confirmed. */
  behind: z.int(),
  /** Since it last renewed its grant, in milliseconds. */
  renewed_ms_ago: z.int(),
  max_staleness_ms: z.int(),
});
export const verifierList = z.object({ verifiers: z.array(verifier) });
export type VerifierList = z.infer<typeof verifierList>;

const accessReceiptInput = z.strictObject({ wait: receiptWait });

export const verifierOperations = {
  list: {
    permission: 'verifiers:read',
    output: verifierList,
    route: {
      method: 'GET',
      path: '/v1/verifiers',
      summary: 'The running verifiers and how far each has got',
      tag: 'Operation',
    },
  },
  access: {
    permission: 'verifiers:read',
    input: accessReceiptInput,
    output: accessReceipt,
    route: {
      method: 'GET',
      path: '/v1/access',
      summary: 'Which mapping of roles counts, and which verifiers enforce it: its receipt',
      tag: 'Operation',
    },
  },
} as const satisfies Operations;

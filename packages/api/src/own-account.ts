/** What its owner makes of an account, and may know of it. */
import { emailAddress, shownName } from '@portcullis/contracts/schemas';
import * as z from 'zod';
import { account } from './operations/accounts.ts';
import { password } from './recovery.ts';
import { session } from './session.ts';

export const registerInput = z.strictObject({
  email: emailAddress,
  password,
  name: shownName.optional(),
});
/** The same whether or not the address is known. */
export const registered = z.object({ status: z.literal('accepted') });

/** All that this service keeps about a user. */
export const ownData = z.object({
  exported_at: z.iso.datetime(),
  account,
  /** Those that have ended too, the newest first; at most 1,000. */
  sessions: z.array(
    session.omit({ current: true }).extend({ ended_at: z.iso.datetime().nullable() }),
  ),
  /** From the audit trail: what the user did, and what was done to the account; at most 1,000. */
  activity: z.array(
    z.object({ at: z.iso.datetime(), action: z.string(), address: z.string().nullable() }),
  ),
});
export type OwnData = z.infer<typeof ownData>;

/** Accounts as administrators see them; the auth service answers, the admin service asks. */
import {
  clientId,
  receipt,
  receiptWait,
  role,
  userId,
  shownName,
} from '@portcullis/contracts/schemas';
import * as z from 'zod';
import { filter } from './filter.ts';

export const accountStatus = z.enum(['active', 'disabled']);

export const account = z.object({
  id: userId,
  email: z.string(),
  name: z.string().nullable(),
  roles: z.array(role),
  status: accountStatus,
  email_verified: z.boolean(),
  created_at: z.iso.datetime(),
  last_login_at: z.iso.datetime().nullable(),
});
export type Account = z.infer<typeof account>;

export const listAccountsInput = z.strictObject({
  query: z
    .string()
    .trim()
    .max(254)
    .transform((text) => (text === '' ? undefined : text))
    .optional()
    .describe('Part of an e-mail address or a name, in any case and normal form, or a whole id.'),
  status: filter(accountStatus),
  role: filter(role),
  /** From `next_cursor` of the page before. */
  cursor: filter(userId),
  limit: z.int().min(1).max(100).default(20),
});

export const accountPage = z.object({
  users: z.array(account),
  next_cursor: userId.nullable(),
});
export type AccountPage = z.infer<typeof accountPage>;

export const accountInput = z.strictObject({ user_id: userId });
export const accountChangeInput = z.strictObject({ user_id: userId, wait: receiptWait });
/** `client_id`: only what this client holds for the user; everything unless given. */
export const accountLogoutInput = accountChangeInput.extend({
  client_id: clientId
    .optional()
    .describe('End only what this client holds for the user; everything unless given.'),
});
export const rolesInput = z.strictObject({
  user_id: userId,
  roles: z.array(role).max(8),
  wait: receiptWait,
});

/** `receipt` is null where nothing was revoked: the account was as asked already. */
export const accountChange = z.object({ user: account, receipt: receipt.nullable() });
export type AccountChange = z.infer<typeof accountChange>;
export const accountEnabled = z.object({ user: account });
export const accountDeleted = z.object({ deleted: userId, receipt });
export type AccountDeleted = z.infer<typeof accountDeleted>;

/** `expected`: only if this is the name until now. */
export const renameInput = z.strictObject({
  user_id: userId,
  name: shownName.nullable(),
  expected: z.string().nullable().optional(),
});
/** The name now, and since when; null where it was another one than expected, and stays. */
export const accountRenamed = z.object({
  name: z.string().nullable(),
  changed_at: z.iso.datetime().nullable(),
});

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

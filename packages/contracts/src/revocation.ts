/**
 * What is revoked, as it travels: one event a revocation.
 *
 * Applying events is a join: twice, late or out of order gives the same state. Each kind names its
 * key and, where the cut is "everything older", the least generation that still holds.
 * Field names and reasons line up with OpenID CAEP (`session-revoked`, `token-claims-change`,
 * `credential-change`).
 */
import * as z from 'zod';
import { clientId, eventId, keyId, sessionId, tokenId, userId } from './ids.ts';

export const revocationReason = z.enum([
  'logout',
  'logout_all',
  'session_ended',
  'refresh_reuse',
  'account_disabled',
  'account_deleted',
  'credential_change',
  'token_claims_change',
  'administrator',
  'token_revoked',
  'client_disabled',
  'key_compromised',
  'break_glass',
]);
export type RevocationReason = z.infer<typeof revocationReason>;

/** Milliseconds since the epoch, by the clock of the database. */
export const issuerTime = z.int().min(0);
export const position = z.int().min(0);
const generation = z.int().min(0).max(2_147_483_647);

/** Who caused it. */
export const actor = z.object({
  kind: z.enum(['user', 'client', 'system']),
  id: z.string().max(64),
});
export type Actor = z.infer<typeof actor>;

const everyEvent = {
  version: z.literal(1),
  id: eventId,
  /** The place in the log, dense from 1; absent while the row is not numbered yet. */
  position: position.optional(),
  reason: revocationReason,
  occurred_at: issuerTime,
  /** When no token that it affects can still be alive; `null`: it is kept for ever. */
  expires_at: issuerTime.nullable(),
  actor,
  request_id: z.string().max(64),
};

export const revocationEvent = z.discriminatedUnion('kind', [
  z.object({ ...everyEvent, kind: z.literal('session'), key: sessionId }),
  z.object({ ...everyEvent, kind: z.literal('token'), key: tokenId }),
  z.object({ ...everyEvent, kind: z.literal('subject'), key: userId, generation }),
  z.object({ ...everyEvent, kind: z.literal('changed'), key: userId, generation }),
  z.object({ ...everyEvent, kind: z.literal('client'), key: clientId, generation }),
  z.object({ ...everyEvent, kind: z.literal('key'), key: keyId }),
  z.object({ ...everyEvent, kind: z.literal('issuer'), key: z.literal('issuer'), generation }),
]);
export type RevocationEvent = z.infer<typeof revocationEvent>;
export type RevocationKind = RevocationEvent['kind'];

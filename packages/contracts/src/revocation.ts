/**
 * What is revoked, as it travels: one event a revocation.
 *
 * Applying events is a join: twice, late or out of order gives the same state. Each kind names its
 * key and, where the cut is "everything older", the least generation that still holds (revocation-kinds.ts).
 * Field names and reasons line up with OpenID CAEP (`session-revoked`, `token-claims-change`,
 * `credential-change`).
 */
import type { EventId } from './ids.ts';
import type { RevocationKind, RevocationOf } from './revocation-kinds.ts';

export const REVOCATION_REASONS = [
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
] as const;
export type RevocationReason = (typeof REVOCATION_REASONS)[number];

export const ACTOR_KINDS = ['user', 'client', 'system'] as const;

/** Who caused it. */
export interface Actor {
  kind: (typeof ACTOR_KINDS)[number];
  id: string;
}

/** What every revocation says, of whichever kind. */
export interface EveryRevocation {
  version: 1;
  id: EventId;
  /** The place in the log, dense from 1; absent while the row is not numbered yet. */
  position?: number | undefined;
  reason: RevocationReason;
  /** Milliseconds since the epoch, by the clock of the database. */
  occurred_at: number;
  /** When no token that it affects can still be alive; `null`: it is kept for ever. */
  expires_at: number | null;
  actor: Actor;
  request_id: string;
}

/** One event of each kind of the table. */
export type RevocationEvent = {
  [K in RevocationKind]: EveryRevocation & RevocationOf<K>;
}[RevocationKind];

/** Revocations as they travel; what they mean is in ../revocation.ts. */
import * as z from 'zod';
import { ACTOR_KINDS, REVOCATION_REASONS } from '../revocation.ts';
import { clientId, clientSubject, eventId, keyId, sessionId, tokenId, userId } from './ids.ts';

export const revocationReason = z.enum(REVOCATION_REASONS);

/** Milliseconds since the epoch, by the clock of the database. */
export const issuerTime = z.int().min(0);
export const position = z.int().min(0);
const generation = z.int().min(0).max(2_147_483_647);

export const actor = z.object({
  kind: z.enum(ACTOR_KINDS),
  id: z.string().max(64),
});

const everyEvent = {
  version: z.literal(1),
  id: eventId,
  position: position.optional(),
  reason: revocationReason,
  occurred_at: issuerTime,
  expires_at: issuerTime.nullable(),
  actor,
  request_id: z.string().max(64),
};

export const revocationEvent = z.discriminatedUnion('kind', [
  z.object({ ...everyEvent, kind: z.literal('session'), key: sessionId }),
  z.object({ ...everyEvent, kind: z.literal('token'), key: tokenId }),
  z.object({ ...everyEvent, kind: z.literal('subject'), key: userId, generation }),
  z.object({ ...everyEvent, kind: z.literal('claims_changed'), key: userId, generation }),
  z.object({ ...everyEvent, kind: z.literal('client'), key: clientId, generation }),
  z.object({
    ...everyEvent,
    kind: z.literal('client_subject'),
    key: clientSubject,
    generation,
  }),
  z.object({ ...everyEvent, kind: z.literal('key'), key: keyId }),
  z.object({ ...everyEvent, kind: z.literal('issuer'), key: z.literal('issuer'), generation }),
]);

/** The messages between a verifier and the issuer; what they mean is in ../grant.ts. */
import * as z from 'zod';
import { MAX_ACCESS_NUMBER } from '../access.ts';
import {
  MAX_ACCESS_DOCUMENT_LENGTH,
  MAX_ACKNOWLEDGED,
  MAX_GRANTED_EVENTS,
  MAX_READ_KINDS,
  MAX_STALENESS_MS,
  MIN_STALENESS_MS,
  READ_KIND,
  STALENESS_POLICIES,
} from '../grant.ts';
import { epochId, eventId, incarnationId, serviceName } from './ids.ts';
import { issuerTime, position, revocationEvent } from './revocation.ts';

const stalenessPolicy = z.enum(STALENESS_POLICIES);

export const grantRequest = z.strictObject({
  version: z.literal(1),
  service: serviceName,
  incarnation: incarnationId,
  nonce: z.string().min(16).max(64),
  policy: stalenessPolicy,
  epoch: epochId.nullable(),
  position,
  applied: z.array(eventId).max(MAX_ACKNOWLEDGED),
  anchor: position.optional(),
  resume: eventId.optional(),
  kinds: z.array(z.string().regex(READ_KIND)).max(MAX_READ_KINDS).readonly().optional(),
  access: z.int().min(0).max(MAX_ACCESS_NUMBER).optional(),
});

const everyAnswer = { version: z.literal(1), nonce: z.string(), incarnation: incarnationId };

export const grantReply = z.discriminatedUnion('outcome', [
  z.object({
    ...everyAnswer,
    outcome: z.literal('granted'),
    epoch: epochId,
    from: revocationEvent.nullable().optional(),
    position,
    events: z.array(revocationEvent).max(MAX_GRANTED_EVENTS),
    complete: z.boolean(),
    resume: eventId.optional(),
    max_staleness_ms: z.int().min(MIN_STALENESS_MS).max(MAX_STALENESS_MS),
    issuer_time: issuerTime,
    keys: z.array(z.string()).optional().catch(undefined),
    kinds_unknown: z.boolean().optional(),
    access: z
      .object({ number: position, document: z.string().max(MAX_ACCESS_DOCUMENT_LENGTH).optional() })
      .optional(),
  }),
  z.object({ ...everyAnswer, outcome: z.literal('resynchronise'), epoch: epochId }),
  z.object({ ...everyAnswer, outcome: z.literal('unavailable') }),
]);

export const acknowledgement = z.strictObject({
  version: z.literal(1),
  incarnation: incarnationId,
  applied: z.array(eventId).min(1).max(MAX_ACKNOWLEDGED),
});

export const deregister = z.strictObject({ version: z.literal(1), incarnation: incarnationId });

export const numbered = z.strictObject({
  version: z.literal(1),
  epoch: epochId,
  first: position,
  ids: z.array(eventId).min(1).max(MAX_ACKNOWLEDGED),
});

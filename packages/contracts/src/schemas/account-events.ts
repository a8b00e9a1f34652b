import * as z from 'zod';
import { roleOfToken } from './access.ts';
import { eventId, userId } from './ids.ts';
import { actor, issuerTime } from './revocation.ts';

const everyEvent = {
  version: z.literal(1),
  id: eventId,
  user_id: userId,
  occurred_at: issuerTime,
  actor,
  request_id: z.string().max(64),
};

export const accountEvent = z.discriminatedUnion('type', [
  z.object({
    ...everyEvent,
    type: z.literal('registered'),
    email: z.string(),
    name: z.string().nullable(),
  }),
  z.object({ ...everyEvent, type: z.literal('email-changed'), email: z.string() }),
  z.object({ ...everyEvent, type: z.literal('profile-changed'), name: z.string().nullable() }),
  z.object({ ...everyEvent, type: z.literal('disabled') }),
  z.object({ ...everyEvent, type: z.literal('enabled') }),
  z.object({ ...everyEvent, type: z.literal('roles-changed'), roles: z.array(roleOfToken) }),
  z.object({ ...everyEvent, type: z.literal('deleted') }),
]);

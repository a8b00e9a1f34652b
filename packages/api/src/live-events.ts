/** What a user gets of their own account while it happens: never more than they may read anyway. */
import { roleOfToken } from '@portcullis/contracts/schemas';
import * as z from 'zod';

const every = { occurred_at: z.iso.datetime() };

export const liveEvent = z.discriminatedUnion('type', [
  /** The first item of every stream: from here on nothing is missed. */
  z.object({ ...every, type: z.literal('ready') }),
  /** Something may have been missed: read again what is shown. */
  z.object({ ...every, type: z.literal('gap') }),
  z.object({ ...every, type: z.literal('registered') }),
  z.object({ ...every, type: z.literal('profile-changed') }),
  z.object({ ...every, type: z.literal('email-changed') }),
  z.object({ ...every, type: z.literal('roles-changed'), roles: z.array(roleOfToken) }),
  z.object({ ...every, type: z.literal('disabled') }),
  z.object({ ...every, type: z.literal('enabled') }),
  z.object({ ...every, type: z.literal('deleted') }),
]);
export type LiveEvent = z.infer<typeof liveEvent>;

/** An event and the place to go on from after it. */
export interface LiveItem {
  place: string;
  event: LiveEvent;
}

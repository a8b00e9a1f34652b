/**
 * Machine clients as administrators see them, and what administrators do to them. A secret is in one
 * answer, and nowhere else ever.
 */
import {
  audienceName,
  clientId,
  receipt,
  receiptWait,
  scopesOfClient,
  shownName,
} from '@portcullis/contracts/schemas';
import * as z from 'zod';
import { filter } from '../filter.ts';
import type { Operations } from './operation.ts';

const DAY_S = 24 * 3_600;

export const client = z.object({
  id: clientId,
  /** For a service that verifies tokens: the name under which it does. */
  name: z.string(),
  /** How it proves who it is; null for a public client. */
  authentication: z.enum(['secret', 'keys']).nullable(),
  scopes: z.array(z.string()),
  audiences: z.array(z.string()),
  created_at: z.iso.datetime(),
  disabled_at: z.iso.datetime().nullable(),
  /** Until when the secret before is taken as well; null when it is not. */
  previous_secret_until: z.iso.datetime().nullable(),
});
export type Client = z.infer<typeof client>;

export const listClientsInput = z.strictObject({
  /** From `next_cursor` of the page before. */
  cursor: filter(clientId),
  limit: z.int().min(1).max(100).default(50),
});
export const clientPage = z.object({
  clients: z.array(client),
  next_cursor: clientId.nullable(),
});

export const createClientInput = z.strictObject({
  id: clientId,
  name: shownName,
  scopes: scopesOfClient.max(32).describe('Permissions and scopes that there are.'),
  audiences: z.array(audienceName).min(1).max(16),
});
export const createdClient = z.object({ client, client_secret: z.string() });

export const rotateClientInput = z.strictObject({
  client_id: clientId,
  /** For how long the secret before is still taken. 0: it ends now, and all tokens with it. */
  overlap_seconds: z
    .int()
    .min(0)
    .max(7 * DAY_S)
    .default(DAY_S),
  wait: receiptWait,
});
/** `receipt` is null where the tokens of the client live on. */
export const rotatedClient = z.object({
  client,
  client_secret: z.string(),
  receipt: receipt.nullable(),
});

export const disableClientInput = z.strictObject({ client_id: clientId, wait: receiptWait });
/** `receipt` is null where the client was disabled already. */
export const disabledClient = z.object({ client, receipt: receipt.nullable() });

const tag = 'Machine clients';

export const clientOperations = {
  list: {
    permission: 'clients:read',
    input: listClientsInput,
    output: clientPage,
    route: { method: 'GET', path: '/v1/clients', summary: 'List machine clients', tag },
  },
  create: {
    permission: 'clients:write',
    input: createClientInput,
    output: createdClient,
    audit: 'client.created',
    route: {
      method: 'POST',
      path: '/v1/clients',
      status: 201,
      summary: 'Create a machine client; its secret is shown this once',
      tag,
    },
  },
  rotate: {
    permission: 'clients:write',
    input: rotateClientInput,
    output: rotatedClient,
    audit: 'client.secret-rotated',
    route: {
      method: 'POST',
      path: '/v1/clients/{client_id}/rotate',
      summary: 'Give a machine client a new secret; the old secret stays valid for overlap_seconds',
      tag,
      query: ['wait'],
    },
  },
  disable: {
    permission: 'clients:write',
    input: disableClientInput,
    output: disabledClient,
    audit: 'client.disabled',
    route: {
      method: 'DELETE',
      path: '/v1/clients/{client_id}',
      summary: 'Disable a machine client permanently, and refuse its tokens at once',
      tag,
    },
  },
} as const satisfies Operations;

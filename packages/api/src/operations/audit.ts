/** The audit trail as administrators read it. */
import * as z from 'zod';
import { filter } from '../filter.ts';
import type { Operations } from './operation.ts';

export const listAuditInput = z.strictObject({
  /** Who did it: the id of a user or a client, or the name of a part of the service. */
  actor: filter(z.string().min(1).max(128)),
  /** On whom or what. */
  target: filter(z.string().min(1).max(128)),
  action: filter(z.string().min(1).max(64)),
  /** From `next_cursor` of the page before. */
  cursor: z.int().min(1).optional(),
  limit: z.int().min(1).max(200).default(50),
});

const party = z.object({ kind: z.string(), id: z.string() });

export const auditEntry = z.object({
  /** Its place in the chain, from 1, without gaps. */
  position: z.int(),
  at: z.iso.datetime(),
  action: z.string(),
  actor: party,
  target: party,
  /** Network address that it was asked from; null for what the service or an operator does. */
  address: z.string().nullable(),
  request_id: z.string(),
  detail: z.record(z.string(), z.unknown()),
  /** SHA-256 over this entry and the hash of the one before, in hexadecimal. */
  hash: z.string(),
});

/** The newest first. */
export const auditPage = z.object({
  entries: z.array(auditEntry),
  next_cursor: z.int().nullable(),
});

export const auditOperations = {
  list: {
    permission: 'audit:read',
    input: listAuditInput,
    output: auditPage,
    route: {
      method: 'GET',
      path: '/v1/audit',
      summary: 'List the audit trail, newest first',
      tag: 'Operation',
    },
  },
} as const satisfies Operations;

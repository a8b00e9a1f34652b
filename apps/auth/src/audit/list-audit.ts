import type { Administration } from '@portcullis/api';
import { and, desc, eq, isNotNull, lt } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database/database.ts';
import { auditLog, auditOrigins } from '../database/schema/index.ts';
import type { AuditChainer } from './chainer.ts';

const detail = z.record(z.string(), z.unknown());

/**
 * Pages backwards from the newest, in the order of the chain: a page never shifts. What was committed
 * before the question is chained first, so that callers find what they have just done.
 */
export function createListAudit(
  database: Database,
  chainer: Pick<AuditChainer, 'chain'>,
): Administration['audit']['list'] {
  return async (_call, { actor, target, action, cursor, limit }) => {
    if (cursor === undefined) await chainer.chain();
    const rows = await database
      .select({ row: auditLog, address: auditOrigins.address })
      .from(auditLog)
      .leftJoin(auditOrigins, eq(auditOrigins.commitment, auditLog.origin))
      .where(
        and(
          cursor === undefined ? isNotNull(auditLog.position) : lt(auditLog.position, cursor),
          actor === undefined ? undefined : eq(auditLog.actorId, actor),
          target === undefined ? undefined : eq(auditLog.targetId, target),
          action === undefined ? undefined : eq(auditLog.action, action),
        ),
      )
      .orderBy(desc(auditLog.position))
      .limit(limit + 1);
    const entries = rows.slice(0, limit).map(({ row, address }) => ({
      position: row.position ?? 0,
      at: row.at.toISOString(),
      action: row.action,
      actor: { kind: row.actorKind, id: row.actorId },
      target: { kind: row.targetKind, id: row.targetId },
      // Absent once the account of the actor has been deleted.
      address,
      request_id: row.requestId,
      detail: detail.parse(row.detail),
      hash: row.hash?.toString('hex') ?? '',
    }));
    return {
      entries,
      next_cursor: rows.length > limit ? (entries.at(-1)?.position ?? null) : null,
    };
  };
}

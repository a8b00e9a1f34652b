import type { Sql, TransactionSql } from 'postgres';
import * as z from 'zod';
import { hashOf, type AuditRecord } from './chain.ts';
import type { AuditTrail, ReadableTrail } from './trail.ts';

/** Chained in one transaction: few enough that the head is held for some milliseconds. */
const CHAINED_AT_ONCE = 500;
const PAGE = 2_000;
/** An instance chains what it finds every second. */
const FORGOTTEN_AFTER = '1 minute';

const hash = z.instanceof(Uint8Array).transform((bytes) => Buffer.from(bytes));
const headRow = z.object({ position: z.number(), hash });
const record = z.object({
  sequence: z.string(),
  at: z.string(),
  action: z.string(),
  actorKind: z.string(),
  actorId: z.string(),
  targetKind: z.string(),
  targetId: z.string(),
  origin: z.string().nullable(),
  requestId: z.string(),
  detail: z.string(),
});
const chainedRow = record
  .extend({
    position: z.number(),
    previousHash: hash,
    hash,
    address: z.string().nullable(),
    salt: hash.nullable(),
  })
  .transform(({ address, salt, ...row }) => ({
    ...row,
    opened: address === null || salt === null ? null : { address, salt },
  }));

const restoredRow = z.object({
  at: z.number().transform((at) => new Date(at)),
  position: z.number(),
  headsUntil: z.number(),
});

export function postgresAuditTrail(sql: Sql): AuditTrail {
  return {
    async chain() {
      return await sql.begin(async (tx) => {
        // The lock first, in a statement of its own: the next one then sees all that its former
        // holder has chained.
        const [locked] = await tx`
          select position::float8 as position, hash from audit_head for update`;
        const before = headRow.parse(locked);
        const rows = await tx`
          select ${columns(sql)} from audit_log
          where position is null order by sequence limit ${CHAINED_AT_ONCE}`;
        let { position } = before;
        let previous: Buffer = before.hash;
        const links = rows.map((row) => {
          position += 1;
          const chained: AuditRecord = { ...record.parse(row), position };
          const link = { sequence: chained.sequence, position, previous: previous.toString('hex') };
          previous = hashOf(previous, chained);
          return { ...link, hash: previous.toString('hex') };
        });
        const head = { position, hash: previous.toString('hex') };
        if (links.length === 0) return { head, more: false };
        const placing = tx`
          update audit_log a set position = l.position,
            previous_hash = decode(l.previous, 'hex'), hash = decode(l.hash, 'hex')
          from jsonb_to_recordset(${sql.json(links)})
            as l (sequence bigint, position bigint, previous text, hash text)
          where a.sequence = l.sequence and a.position is null`;
        const heading = tx`update audit_head set position = ${position}, hash = ${previous}`;
        const [placed] = await Promise.all([placing, heading]);
        if (placed.count !== links.length) throw new Error('audit row vanished');
        return { head, more: links.length === CHAINED_AT_ONCE };
      });
    },
  };
}

/**
 * As it stood at one moment, however long the reading takes: an instance that chains meanwhile would
 * otherwise leave rows beyond the head that was read.
 */
export async function readAuditTrail<T>(
  sql: Sql,
  read: (trail: ReadableTrail) => Promise<T>,
): Promise<T> {
  const outcome = await sql.begin(async (tx) => {
    await tx`set transaction isolation level repeatable read, read only`;
    return { value: await read(readable(tx)) };
  });
  return outcome.value;
}

function readable(tx: TransactionSql): ReadableTrail {
  return {
    async head() {
      const [row] = await tx`select position::float8 as position, hash from audit_head`;
      const head = headRow.parse(row);
      return { position: head.position, hash: head.hash.toString('hex') };
    },
    async rows(after) {
      const rows = await tx`
        select ${columns(tx)}, position::float8 as position,
          coalesce(previous_hash, '') as "previousHash", coalesce(hash, '') as hash,
          o.address, o.salt
        from audit_log left join audit_origins o on o.commitment = audit_log.address
        where position > ${after} order by audit_log.position limit ${PAGE}`;
      return rows.map((row) => chainedRow.parse(row));
    },
    async restores() {
      const rows = await tx`
        select (extract(epoch from at) * 1000)::float8 as at,
          (detail ->> 'trail_position')::float8 as position,
          coalesce((detail ->> 'heads_until')::float8, 0) as "headsUntil"
        from audit_log where action = 'log.restored' and position is not null order by position`;
      return rows.map((row) => restoredRow.parse(row));
    },
    async forgotten() {
      const [row] = await tx`
        select count(*)::float8 as count from audit_log
        where position is null and at < clock_timestamp() - ${FORGOTTEN_AFTER}::interval`;
      return z.object({ count: z.number() }).parse(row).count;
    },
  };
}

/** Text throughout: what is hashed must not depend on how a driver reads it. */
function columns(sql: Sql | TransactionSql) {
  return sql`
    sequence::text as sequence,
    to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at,
    action, actor_kind as "actorKind", actor_id as "actorId", target_kind as "targetKind",
    target_id as "targetId", audit_log.address as origin, request_id as "requestId", detail::text as detail`;
}

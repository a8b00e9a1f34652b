import type { GrantRequest, IncarnationId } from '@portcullis/contracts';
import { epochId, incarnationId } from '@portcullis/contracts/schemas';
import type { Sql } from 'postgres';
import * as z from 'zod';
import type { Registration, RegistrySnapshot, VerifierRegistry } from './registry.ts';

/** Most registrations of one service: a client that keeps inventing incarnations is refused beyond. */
const MAX_REGISTRATIONS = 512;

const listed = z.object({
  incarnation: incarnationId,
  service: z.string(),
  policy: z.string(),
  max_staleness_ms: z.number(),
  epoch: epochId.nullable(),
  position: z.number(),
  renewals: z.number(),
  renewed_ms_ago: z.number().transform((value) => Math.max(0, Math.round(value))),
  kinds: z.array(z.string()).nullable(),
  access: z.number().nullable(),
});
const registered = z.object({
  incarnation: incarnationId,
  epoch: epochId.nullable(),
  head: z.number(),
  kinds_unknown: z.boolean(),
  access: z.number().nullable(),
});
const heading = z.object({ head_epoch: epochId, head: z.number(), issuer_time: z.number() });

export function postgresVerifierRegistry(sql: Sql): VerifierRegistry {
  return {
    register: (requests, maxStalenessMs) => register(sql, requests, maxStalenessMs),
    list: () => list(sql),

    async discount(incarnation, renewals) {
      await sql`
        delete from verifiers where incarnation = ${incarnation} and renewals = ${renewals}`;
    },

    async remove(incarnation, service) {
      await sql`
        delete from verifiers where incarnation = ${incarnation} and service = ${service}`;
    },
  };
}

/**
 * `renewals` is the number of this transaction: no later one has it, even after deletions. A position
 * beyond the head is not written down: such a row is one without a log.
 */
async function register(
  sql: Sql,
  requests: readonly GrantRequest[],
  maxStalenessMs: number,
): Promise<Map<IncarnationId, Registration>> {
  // One request an incarnation: one statement may not touch a row twice.
  const rows = [...new Map(requests.map((each) => [each.incarnation, each])).values()].map(
    ({ incarnation, service, policy, epoch, position, kinds, access }) => ({
      incarnation,
      service,
      policy,
      epoch,
      position,
      kinds: kinds ?? null,
      access: access ?? null,
    }),
  );
  const taken = await sql`
    insert into verifiers as v
      (incarnation, service, policy, max_staleness_ms, epoch, position, renewals, kinds, access)
    select r.incarnation, r.service, r.policy, ${maxStalenessMs},
      case when r.epoch = h.epoch and r.position > h.position then null else r.epoch end,
      case when r.epoch = h.epoch and r.position > h.position then 0 else r.position end,
      pg_current_xact_id()::text::bigint, r.kinds, r.access
    from log_head h cross join jsonb_to_recordset(${sql.json(rows)}) as r
      (incarnation text, service text, policy text, epoch text, position bigint, kinds text[],
        access integer)
    where (select count(*) from verifiers o where o.service = r.service) < ${MAX_REGISTRATIONS}
      or exists (select 1 from verifiers o where o.incarnation = r.incarnation)
    order by r.incarnation
    on conflict (incarnation) do update set
      renewals = excluded.renewals, renewed_at = clock_timestamp(),
      max_staleness_ms = greatest(v.max_staleness_ms, excluded.max_staleness_ms),
      position = excluded.position, epoch = excluded.epoch,
      kinds = coalesce(excluded.kinds, v.kinds), access = coalesce(excluded.access, v.access)
    where v.service = excluded.service
    returning incarnation, epoch, (select position::float8 from log_head) as head,
      v.kinds is null as kinds_unknown, v.access`;
  const asked = new Map(rows.map(({ incarnation, epoch }) => [incarnation, epoch]));
  return new Map(
    taken
      .map((row) => registered.parse(row))
      .map(({ incarnation, epoch, head, kinds_unknown: kindsUnknown, access }) => [
        incarnation,
        { head, isBeyond: epoch === null && asked.get(incarnation) !== null, kindsUnknown, access },
      ]),
  );
}

async function list(sql: Sql): Promise<RegistrySnapshot> {
  const rows = await sql`
    select h.epoch as head_epoch, h.position::float8 as head,
      (extract(epoch from clock_timestamp()) * 1000)::float8 as issuer_time,
      v.incarnation, v.service, v.policy, v.max_staleness_ms, v.epoch,
      v.position::float8 as position, v.renewals::float8 as renewals, v.kinds, v.access,
      (extract(epoch from clock_timestamp() - v.renewed_at) * 1000)::float8 as renewed_ms_ago
    from log_head h left join verifiers v on true
    order by v.service, v.incarnation`;
  const { head_epoch: epoch, head, issuer_time: issuerTime } = heading.parse(rows[0]);
  const verifiers = rows
    .filter((row) => row['incarnation'] !== null)
    .map((row) => listed.parse(row))
    .map(({ max_staleness_ms: maxStalenessMs, renewed_ms_ago: renewedMsAgo, ...rest }) => ({
      ...rest,
      maxStalenessMs,
      renewedMsAgo,
    }));
  return { verifiers, issuerTime, epoch, head };
}

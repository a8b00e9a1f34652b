/** The log in Postgres (SPEC.md A3, A12). */
import {
  MAX_ACKNOWLEDGED,
  MAX_GRANTED_EVENTS,
  type Numbered,
  type RevocationEvent,
} from '@portcullis/contracts';
import { epochId, eventId, revocationEvent } from '@portcullis/contracts/schemas';
import type { Sql } from 'postgres';
import * as z from 'zod';
import type { LogPlaces } from './list-verifiers.ts';
import type { LogPage, LogPlace, RevocationLog } from './log.ts';

/** Most numbered rows in one answer; those without a position fill up what it may carry. */
const PAGE = MAX_GRANTED_EVENTS / 2;
const LEFTOVERS = 500;
/** Its own process is given this long to publish before others do. */
const LEFTOVER_AGE = '2 seconds';

const milliseconds = z.number().transform(Math.floor);
const headRow = z.object({
  epoch: epochId,
  head: z.number(),
  issuer_time: milliseconds,
  access_number: z.number(),
  last_kill_at: z.number(),
});
const lockedRow = headRow.pick({ epoch: true, head: true });
const placedRow = z.object({ id: eventId, position: z.number() });

export function postgresRevocationLog(sql: Sql): RevocationLog & LogPlaces {
  const columns = columnsOf(sql);

  return {
    number: () => number(sql),
    read: (place) => read(sql, place),

    async find(id) {
      const [row] = await sql`select ${columns} from revocation_log e where id = ${id}`;
      return row === undefined ? undefined : eventOf(row);
    },

    async positionsOf(ids) {
      const rows = await sql`
        select id, position::float8 as position from revocation_log
        where id in ${sql(ids)} and position is not null`;
      return new Map(
        rows.map((row) => placedRow.parse(row)).map(({ id, position }) => [id, position]),
      );
    },

    async placesAfter(position) {
      const rows = await sql`
        select e.id, e.position::float8 as position from revocation_log e
        where e.position > ${position} order by e.position limit ${MAX_ACKNOWLEDGED}`;
      return rows.map((row) => placedRow.parse(row));
    },

    async unpublished(after) {
      const rows = await sql`
        select ${columns} from revocation_log e
        where published_at is null and occurred_at < clock_timestamp() - ${LEFTOVER_AGE}::interval
          ${after === undefined ? sql`` : sql`and e.id > ${after}`}
        order by e.id limit ${LEFTOVERS}`;
      return rows.map(eventOf);
    },

    async markPublished(ids) {
      await sql`
        update revocation_log set published_at = clock_timestamp()
        where id in ${sql(ids)} and published_at is null`;
    },
  };
}

async function number(sql: Sql): Promise<Numbered | undefined> {
  return await sql.begin(async (tx) => {
    // The lock first, in a statement of its own: the next one then sees all that its former holder has
    // numbered. A transaction that holds it is doing this very work, so no other waits for it.
    const [locked] = await tx`select epoch, position::float8 as head from log_head for update`;
    const { epoch, head } = lockedRow.parse(locked);
    const rows = await tx`
      with waiting as (
        select id, row_number() over (order by occurred_at, id) as place from revocation_log
        where position is null order by occurred_at, id limit ${MAX_ACKNOWLEDGED - 1}
      ), placed as (
        update revocation_log l set position = ${head}::bigint + w.place
        from waiting w where l.id = w.id returning l.id, l.position
      ), moved as (
        update log_head set position = position + (select count(*) from placed)
      )
      select id, position::float8 as position from placed
      union all
      select e.id, e.position::float8 from revocation_log e
      where e.position = ${head} and exists (select from placed)
      order by position`;
    const [first] = rows;
    if (first === undefined) return undefined;
    return {
      version: 1,
      epoch,
      first: placedRow.parse(first).position,
      ids: rows.map((row) => placedRow.parse(row).id),
    };
  });
}

async function read(sql: Sql, { after, anchor, resume }: LogPlace): Promise<LogPage> {
  const columns = columnsOf(sql);
  // One statement, hence one snapshot: head, numbered and unnumbered belong together.
  const rows = await sql`
    with numbered as (
      select ${columns} from revocation_log e
      -- Qualified: the bare name would be the column of the result, which has no index.
      where e.position > ${after} order by e.position limit ${PAGE}
    ), anchor as (
      select ${columns} from revocation_log e where e.position = ${anchor}
    ), unnumbered as (
      select ${columns} from revocation_log e
      where position is null ${resume === undefined ? sql`` : sql`and e.id > ${resume}`}
      order by e.id limit ${MAX_GRANTED_EVENTS} - (select count(*) from numbered)
    )
    select h.epoch, h.position::float8 as head,
      (extract(epoch from clock_timestamp()) * 1000)::float8 as issuer_time,
      (select number from access_mapping) as access_number,
      (select coalesce(extract(epoch from max(killed_at)) * 1000, 0)::float8 from signing_keys) as last_kill_at,
      e.*
    from log_head h
    left join (
      select * from anchor union all select * from numbered union all select * from unnumbered
    ) e on true
    order by e.position, e.id`;
  const heading = headRow.parse(rows[0]);
  const { epoch, head, issuer_time: issuerTime } = heading;
  const access = { number: heading.access_number, lastKillAt: heading.last_kill_at };
  const events = rows.filter((row) => row['id'] !== null).map(eventOf);
  const from = events[0]?.position === anchor ? (events.shift() ?? null) : null;
  const numbered = events.filter(({ position }) => position !== undefined);
  const unnumbered = events.filter(({ position }) => position === undefined);
  const rest = events.length === MAX_GRANTED_EVENTS ? unnumbered.at(-1)?.id : undefined;
  const cut = numbered.length === PAGE || rest !== undefined;
  const positions = { head, from, numbered, unnumbered, cut, resume: rest };
  return { epoch, issuerTime, access, ...positions };
}

/** Whole milliseconds, cut as a Date cuts them: an event is the same by the push and by a grant. */
function columnsOf(sql: Sql) {
  return sql`
    e.id, e.position::float8 as position, e.kind, e.key, e.generation, e.reason,
    floor(extract(epoch from e.occurred_at) * 1000)::float8 as occurred_at,
    floor(extract(epoch from e.expires_at) * 1000)::float8 as expires_at,
    e.actor_kind, e.actor_id, e.request_id`;
}

function eventOf(row: Record<string, unknown>): RevocationEvent {
  const { position, generation, actor_kind: kind, actor_id: id, ...rest } = row;
  return revocationEvent.parse({
    ...rest,
    version: 1,
    ...(position === null ? {} : { position }),
    ...(generation === null ? {} : { generation }),
    actor: { kind, id },
  });
}

import type { EventId } from '@portcullis/contracts';
import { epochId, eventId } from '@portcullis/contracts/schemas';
import type { RevocationEntry } from '@portcullis/snapshot';
import type { Sql } from 'postgres';
import * as z from 'zod';
import type { SnapshotSource } from './snapshots.ts';

/** Small enough that a page delays no request that is answered meanwhile. */
const PAGE = 5_000;

const head = z.object({
  epoch: epochId,
  position: z.number(),
  issuerTime: z.number(),
  event: eventId.nullable(),
});
const entryRow = z.tuple([
  eventId,
  z.number(),
  z.string(),
  z.string(),
  z.number().nullable(),
  z.number().nullable(),
  z.boolean(),
]);

export function postgresSnapshotSource(sql: Sql): SnapshotSource {
  return {
    async head(followed) {
      const [row] = await sql`
        select epoch, position::float8 as position,
          (extract(epoch from clock_timestamp()) * 1000)::float8 as "issuerTime",
          (select id from revocation_log e where e.position = ${followed}) as event
        from log_head`;
      return head.parse(row);
    },

    async entries(after, upTo) {
      const rows = await sql`
        select id, position::float8, kind, key, generation,
          ceil(extract(epoch from expires_at) * 1000)::float8,
          coalesce(expires_at < clock_timestamp(), false)
        from revocation_log e where position > ${after} order by e.position limit ${PAGE}`.values();
      let position = after;
      let last: EventId | null = null;
      const entries: RevocationEntry[] = [];
      for (const row of rows) {
        const [id, place, kind, key, generation, expiresAt, expired] = entryRow.parse(row);
        position = place;
        last = id;
        const members = generation === null ? {} : { generation };
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the ledger refuses what is none
        const entry = { kind, key, expires_at: expiresAt, ...members } as RevocationEntry;
        if (!expired) entries.push(entry);
      }
      if (rows.length === PAGE || position >= upTo) return { entries, position, event: last };
      // The last of them was let go of meanwhile.
      return { entries, position: upTo, event: null };
    },
  };
}

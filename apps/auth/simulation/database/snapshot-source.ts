/** The port SnapshotSource with the isolation of its SQL (`src/revocation/postgres-snapshot-source.ts`). */
import type { SnapshotSource } from '../../src/revocation/snapshots.ts';
import type { Connection } from './connection.ts';

/** @param page how many rows are read at a time */
export function simulatedSnapshotSource(connection: Connection, page: number): SnapshotSource {
  const { database } = connection;

  return {
    async head(followed) {
      return await connection.statement(() => {
        const { epoch, head: position } = database;
        const there = [...database.log.values()].find((row) => row.position === followed);
        const event = there?.revocation.event.id ?? null;
        return { epoch, position, issuerTime: database.clock.now(), event };
      });
    },

    async entries(after, upTo) {
      return await connection.statement(() => {
        const now = database.clock.now();
        const rows = [...database.log.values()]
          .map(({ revocation: { event }, position }) => ({ event, position: position ?? 0 }))
          .filter(({ position }) => position > after)
          .toSorted((a, b) => a.position - b.position)
          .slice(0, page);
        const last = rows.at(-1)?.position ?? after;
        const position = rows.length < page ? Math.max(upTo, last) : last;
        return {
          entries: rows
            .filter(({ event }) => (event.expires_at ?? Infinity) >= now)
            .map(({ event }) => event),
          position,
          event: position === last ? (rows.at(-1)?.event.id ?? null) : null,
        };
      });
    },
  };
}

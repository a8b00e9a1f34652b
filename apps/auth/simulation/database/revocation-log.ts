/** The port RevocationLog with the isolation of its SQL (`src/revocation/postgres-revocation-log.ts`). */
import { MAX_ACKNOWLEDGED, type EventId, type RevocationEvent } from '@portcullis/contracts';
import type { LogPage, RevocationLog } from '../../src/revocation/log.ts';
import type { Connection } from './connection.ts';
import type { Database, LogRow, Undo } from './database.ts';

const LEFTOVERS = 500;
const LEFTOVER_AGE_MS = 2_000;

/** With the job that prunes it, which production has beside the port. */
export interface PrunedRevocationLog extends RevocationLog {
  prune(): Promise<void>;
}

/** @param page how many numbered, and how many unnumbered rows one answer carries */
export function simulatedRevocationLog(connection: Connection, page: number): PrunedRevocationLog {
  return {
    number: () => number(connection),
    read: (question) => read(connection, question, page),
    find: (id) => find(connection, id),
    positionsOf: (ids) => positionsOf(connection, ids),
    unpublished: (after) => unpublished(connection, after),
    markPublished: (ids) => markPublished(connection, ids),
    prune: () => prune(connection),
  };
}

async function number(connection: Connection): ReturnType<RevocationLog['number']> {
  const { database, process } = connection;
  const tx = connection.begin();
  const { epoch, head } = await tx.step(async () => {
    await tx.lock('log_head');
    return { epoch: database.epoch, head: database.head };
  });
  await process.pass('numbering');
  const { before, ids } = await tx.step(() => {
    const rows = [...database.log.values()];
    const waiting = rows
      .filter(({ position }) => position === null)
      .toSorted((a, b) => a.occurredAt - b.occurredAt)
      .slice(0, MAX_ACKNOWLEDGED - 1);
    tx.write(() => place(database, waiting, head));
    return {
      before: rows.filter(({ position }) => position === head).map(idOf),
      ids: waiting.map(idOf),
    };
  });
  await tx.commit();
  await process.pass('numbered');
  if (ids.length === 0) return undefined;
  database.history.tell(process.name, `numbered ${ids.join(' ')} from ${head + 1}`);
  return { version: 1, epoch, first: head + 1 - before.length, ids: [...before, ...ids] };
}

function place(database: Database, rows: readonly LogRow[], head: number): Undo {
  for (const [index, row] of rows.entries()) row.position = head + 1 + index;
  database.head = head + rows.length;
  return () => {
    for (const row of rows) row.position = null;
    database.head = head;
  };
}

async function read(
  connection: Connection,
  { after, anchor, resume }: Parameters<RevocationLog['read']>[0],
  page: number,
): Promise<LogPage> {
  const { database, process } = connection;
  const answer = await connection.statement(async () => {
    const rows = [...database.log.values()];
    const anchored = rows.find(({ position }) => position === anchor);
    const from = anchored === undefined ? null : eventOf(anchored);
    const numbered = rows
      .filter(({ position }) => position !== null && position > after)
      .toSorted((a, b) => (a.position ?? 0) - (b.position ?? 0))
      .slice(0, page)
      .map(eventOf);
    const unnumbered = rows
      .filter(({ position }) => position === null)
      .map(eventOf)
      .filter(({ id }) => resume === undefined || id > resume)
      .toSorted(byId)
      .slice(0, page);
    const { epoch, head } = database;
    const rest = unnumbered.length === page ? unnumbered.at(-1)?.id : undefined;
    const cut = numbered.length === page || rest !== undefined;
    // The snapshot stands; the clock is read when the row is made.
    await database.world.pass(database.duration());
    const issuerTime = Math.floor(database.clock.now());
    const places = { epoch, head, issuerTime, from, cut, resume: rest };
    return { ...places, numbered, unnumbered } satisfies LogPage;
  });
  await process.pass('read');
  return answer;
}

async function find(connection: Connection, id: EventId) {
  const { database } = connection;
  return await connection.statement(() => {
    const row = database.log.get(id);
    return row === undefined ? undefined : eventOf(row);
  });
}

async function positionsOf(connection: Connection, ids: readonly EventId[]) {
  const { database } = connection;
  return await connection.statement(() => {
    const positions = new Map<EventId, number>();
    for (const id of ids) {
      const position = database.log.get(id)?.position;
      if (typeof position === 'number') positions.set(id, position);
    }
    return positions;
  });
}

async function unpublished(connection: Connection, after: EventId | undefined) {
  const { database } = connection;
  return await connection.statement(() => {
    const before = database.clock.now() - LEFTOVER_AGE_MS;
    return [...database.log.values()]
      .filter(({ publishedAt, occurredAt }) => publishedAt === null && occurredAt < before)
      .map(eventOf)
      .filter(({ id }) => after === undefined || id > after)
      .toSorted(byId)
      .slice(0, LEFTOVERS);
  });
}

async function markPublished(connection: Connection, ids: readonly EventId[]): Promise<void> {
  const { database } = connection;
  await connection.statement(() => {
    const rows = ids.flatMap((id) => {
      const row = database.log.get(id);
      return row === undefined || row.publishedAt !== null ? [] : [row];
    });
    database.commit(
      rows.map((row) => () => {
        row.publishedAt = database.clock.now();
        return () => {
          row.publishedAt = null;
        };
      }),
    );
  });
}

async function prune(connection: Connection): Promise<void> {
  const { database } = connection;
  await connection.statement(() => {
    const now = database.clock.now();
    const old = [...database.log].filter(
      ([, { revocation, position }]) =>
        position !== null && (revocation.event.expires_at ?? Infinity) < now,
    );
    database.commit(
      old.map(([id, row]) => () => {
        database.log.delete(id);
        return () => void database.log.set(id, row);
      }),
    );
  });
}

function byId(a: RevocationEvent, b: RevocationEvent): number {
  return a.id < b.id ? -1 : 1;
}

function idOf({ revocation }: LogRow): EventId {
  return revocation.event.id;
}

function eventOf({ revocation, position }: LogRow): RevocationEvent {
  return position === null ? revocation.event : { ...revocation.event, position };
}

/**
 * Reads what the event streams keep: account events, and revocations except those of one session or one
 * token, of which there are too many and which end anyhow.
 *
 * The consumer lasts as long as the reading and delivers to an inbox of ours: auth may make consumers,
 * and needs no further right. Flow control would need one, so the server gets a rate limit instead.
 */
import {
  AckPolicy,
  DeliverPolicy,
  jetstreamManager,
  JetStreamApiError,
  ReplayPolicy,
  type JetStreamManager,
  type StreamInfo,
} from '@nats-io/jetstream';
import { connect, createInbox, nanos, type NatsConnection } from '@nats-io/transport-node';
import { inboxPrefix, subjectsOf } from '@portcullis/bus';
import {
  REVOCATION_KIND_NAMES,
  type AccountEvent,
  type EventId,
  type RevocationEvent,
  type RevocationKind,
} from '@portcullis/contracts';
import { accountEvent, revocationEvent } from '@portcullis/contracts/schemas';
import { parseBusAddress } from '@portcullis/service';
import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import type { KeptEvents, KeptStream } from '../restore/kept-events.ts';

const TIMEOUT_MS = 5_000;
/** Between two messages of one stream. */
const SILENCE_MS = 10_000;
/** The server deletes the consumer when it was not listened to for this long. */
const INACTIVE_MS = 30_000;
/** What one process reads and parses without falling behind. */
const BITS_PER_SECOND = 80_000_000;
const STREAM_NOT_FOUND = 10_059;
/** The parts of `$JS.ACK.stream.consumer.deliveries.sequence.place.time.left`. */
const PLAIN_ACK_PARTS = 9;

/**
 * Which revocations say what a restored backup lacks. Of the others, sessions and tokens end anyhow, and a
 * generation that counts on from the issuer's rises with it. A kind of the table that is missing here does not compile.
 */
const IS_READ: Readonly<Record<RevocationKind, boolean>> = {
  session: false,
  token: false,
  subject: true,
  claims_changed: false,
  client: true,
  client_subject: false,
  key: true,
  issuer: true,
};

/** @throws Error when NATS does not answer, or not with all of it */
export async function keptEvents(natsUrl: string, prefix: string): Promise<KeptEvents> {
  const inboxes = inboxPrefix(prefix, 'auth');
  const connection = await connect({
    ...parseBusAddress(natsUrl),
    name: 'after-restore',
    inboxPrefix: inboxes,
    reconnect: false,
    timeout: TIMEOUT_MS,
  });
  try {
    return await readAll(connection, prefix, inboxes);
  } finally {
    await connection.close();
  }
}

async function readAll(
  connection: NatsConnection,
  prefix: string,
  inboxes: string,
): Promise<KeptEvents> {
  const subjects = subjectsOf(prefix);
  const manager = await jetstreamManager(connection, { timeout: TIMEOUT_MS, checkAPI: false });
  const read = <E extends KeptEvent>(
    stream: string,
    filters: readonly string[],
    schema: z.ZodType<E>,
  ) => readStream({ connection, manager, inboxes, stream, filters, schema });
  const revocations = REVOCATION_KIND_NAMES.filter((kind) => IS_READ[kind]).map((kind) =>
    subjects.revocation(kind),
  );
  return {
    accounts: await read(subjects.accountStream, [subjects.accounts], accountEvent),
    revocations: await read(subjects.revocationStream, revocations, revocationEvent),
    auditHeads: (await infoOf(manager, subjects.auditStream))?.state.last_seq ?? 0,
  };
}

type KeptEvent = AccountEvent | RevocationEvent;

interface Reading<E> {
  connection: NatsConnection;
  manager: JetStreamManager;
  inboxes: string;
  stream: string;
  filters: readonly string[];
  schema: z.ZodType<E>;
}

async function readStream<E extends KeptEvent>(reading: Reading<E>): Promise<KeptStream<E>> {
  const { manager, stream, filters, schema } = reading;
  const info = await infoOf(manager, stream);
  if (info === null) return { stream, since: null, events: [], unreadable: 0 };
  const { messages, first_seq: first, first_ts: firstAt, last_seq: last } = info.state;
  const isWhole = last === 0 || (messages > 0 && first === 1);
  const oldest = messages > 0 ? new Date(firstAt) : null;
  const kept: KeptStream<E> = {
    stream,
    since: isWhole ? new Date(info.created) : oldest,
    events: [],
    unreadable: 0,
  };
  // What was published again stands there twice.
  const seen = new Set<EventId>();
  for (const filter of filters) {
    for await (const value of messagesOf(reading, filter)) {
      const event = schema.safeParse(value).data;
      if (event === undefined) kept.unreadable += 1;
      if (event === undefined || seen.has(event.id)) continue;
      seen.add(event.id);
      kept.events.push(event);
    }
  }
  // One that was published late may stand behind what happened after it.
  kept.events.sort((a, b) => a.occurred_at - b.occurred_at);
  return kept;
}

/** @returns null where there is no such stream */
async function infoOf({ streams }: JetStreamManager, stream: string): Promise<StreamInfo | null> {
  return await streams.info(stream).catch((error: unknown) => {
    if (error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND) return null;
    throw error;
  });
}

async function* messagesOf(
  { connection, manager, inboxes, stream }: Omit<Reading<unknown>, 'filters' | 'schema'>,
  filter: string,
): AsyncGenerator<unknown> {
  const inbox = createInbox(inboxes);
  const name = `restore-${randomUUID()}`;
  const subscription = connection.subscribe(inbox, { timeout: SILENCE_MS });
  try {
    const { num_pending: pending, delivered } = await manager.consumers.add(stream, {
      name,
      deliver_subject: inbox,
      filter_subject: filter,
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.All,
      replay_policy: ReplayPolicy.Instant,
      rate_limit_bps: BITS_PER_SECOND,
      inactive_threshold: nanos(INACTIVE_MS),
      mem_storage: true,
      num_replicas: 1,
    });
    if (pending === 0 && delivered.consumer_seq === 0) return;
    let expected = 1;
    for await (const message of subscription) {
      const { place, left } = deliveryOf(message.reply ?? '');
      if (place !== expected) throw new Error(`messages of ${stream} were lost on the way`);
      expected += 1;
      yield parsed(message.string());
      if (left === 0) return;
    }
  } finally {
    subscription.unsubscribe();
    await manager.consumers.delete(stream, name).catch(() => undefined); // it goes by itself
  }
}

/**
 * Where it stands among all that the consumer delivers, and how many come after it: the fifth and the
 * seventh part after the domain and account, which older servers leave out of the reply subject.
 */
function deliveryOf(reply: string): { place: number; left: number } {
  const parts = reply.split('.');
  const from = parts.length === PLAIN_ACK_PARTS ? 2 : 4;
  return { place: Number(parts[from + 4]), left: Number(parts[from + 6]) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

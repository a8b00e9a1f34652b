/**
 * The JetStream streams, and the consumers of those who read them durably. Verifiers do not depend
 * on them.
 *
 * They are made again when they are missing, so that losing the disk of NATS costs the history of
 * durable subscribers and nothing else. Only auth may make them: see `busPermissions`.
 *
 * Invariants:
 *  - Each stream and each consumer is looked after by itself: what fails for one keeps no other from being
 *    made.
 *  - A setting that is another one than this release wants is changed where that loses nothing, and is
 *    reported and left alone where it would, or where NATS cannot change it.
 */
import {
  AckPolicy,
  DeliverPolicy,
  JetStreamApiError,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type JetStreamManager,
} from '@nats-io/jetstream';
import {
  DURABLES,
  EVENT_STREAMS,
  streamName,
  type Durable,
  type EventStream,
  type Subjects,
} from '@portcullis/bus';
import { nanos, type NatsConnection } from '@nats-io/transport-node';
import { differencesOf, isChangeable, type Difference } from './stream-settings.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
/** For how long a durable subscriber may stay disconnected. */
const KEPT_DAYS = 14;
/** Publishing twice within this is one message; correctness does not rest on it. */
const DUPLICATE_WINDOW_MS = 2 * 60 * 1_000;
/** Heads of the audit trail, some 200 bytes each: one a second from each instance, while rows come. */
const KEPT_HEADS = 250_000;
/** After this an unacknowledged message is delivered again. */
const ACK_WAIT_MS = 30_000;
/** Messages on their way to one service at once. */
const MAX_ACK_PENDING = 256;

const STREAM_NOT_FOUND = 10_059;
const CONSUMER_NOT_FOUND = 10_014;

export interface StreamsListener {
  /** Called when a stream or consumer was changed to what this release wants. */
  changed(what: string, differences: readonly Difference[]): void;
  /** Called at each look for one with settings that this service does not change by itself. */
  differs(what: string, differences: readonly Difference[]): void;
  /** Called for one that could not be looked at or made; the others were. */
  failed(error: unknown, what: string): void;
}

/**
 * Making what is there already, with the same configuration, changes nothing. Never rejects for what fails
 * with one stream or consumer.
 *
 * @param durables besides those of this repository
 */
export async function ensureStreams(
  connection: NatsConnection,
  subjects: Subjects,
  durables: readonly Durable[],
  timeoutMs: number,
  listener: StreamsListener,
): Promise<void> {
  const manager = await jetstreamManager(connection, { timeout: timeoutMs, checkAPI: false });
  const each = async (what: string, work: (what: string) => Promise<void>): Promise<void> =>
    await work(what).catch((error: unknown) => listener.failed(error, `making the ${what}`));

  const audit = auditStream(subjects);
  await Promise.all([
    ...EVENT_STREAMS.map(async (stream) => {
      const wanted = eventStream(subjects, stream);
      await each(`stream ${wanted.name}`, async (what) => {
        await ensureEventStream(manager, wanted, what, listener);
      });
    }),
    each(`stream ${audit.name}`, async (what) => {
      await ensureAuditStream(manager, audit, what, listener);
    }),
  ]);
  await Promise.all(
    [...DURABLES, ...durables].map(async (durable) => {
      const stream = streamName(subjects, durable.stream);
      await each(`consumer ${durable.service} of ${stream}`, async (what) => {
        const wanted = consumerOf(durable.service, subjects[durable.stream]);
        await ensureConsumer(manager, stream, wanted, what, listener);
      });
    }),
  );
}

function eventStream(subjects: Subjects, stream: EventStream) {
  return {
    name: streamName(subjects, stream),
    subjects: [subjects[stream]],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    max_age: nanos(KEPT_DAYS * DAY_MS),
    duplicate_window: nanos(DUPLICATE_WINDOW_MS),
  };
}

/** No user, auth included, may change it: it is there to show what was rewritten. */
function auditStream(subjects: Subjects) {
  return {
    name: subjects.auditStream,
    subjects: [subjects.auditHeads],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    max_msgs: KEPT_HEADS,
    duplicate_window: nanos(DUPLICATE_WINDOW_MS),
    deny_delete: true,
    deny_purge: true,
  };
}

function consumerOf(service: string, filter: string) {
  // Without a deliver_subject, so that its service, which may ask under its name, pulls from it.
  return {
    durable_name: service,
    filter_subject: filter,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: nanos(ACK_WAIT_MS),
    max_ack_pending: MAX_ACK_PENDING,
  };
}

async function ensureEventStream(
  { streams }: JetStreamManager,
  wanted: ReturnType<typeof eventStream>,
  what: string,
  listener: StreamsListener,
): Promise<void> {
  const found = await unlessMissing(streams.info(wanted.name), STREAM_NOT_FOUND);
  if (found === undefined) {
    await streams.add(wanted);
    return;
  }
  const differences = differencesOf(found.config, wanted);
  const { max_age, duplicate_window } = wanted;
  await settle(what, differences, listener, async (changed) => {
    await streams.update(wanted.name, {
      ...(changed.has('max_age') && { max_age }),
      ...(changed.has('duplicate_window') && { duplicate_window }),
    });
  });
}

async function ensureAuditStream(
  { streams }: JetStreamManager,
  wanted: ReturnType<typeof auditStream>,
  what: string,
  listener: StreamsListener,
): Promise<void> {
  const found = await unlessMissing(streams.info(wanted.name), STREAM_NOT_FOUND);
  if (found === undefined) {
    await streams.add(wanted);
    return;
  }
  const differences = differencesOf(found.config, wanted);
  if (differences.length > 0) listener.differs(what, differences);
}

async function ensureConsumer(
  { consumers }: JetStreamManager,
  stream: string,
  wanted: ReturnType<typeof consumerOf>,
  what: string,
  listener: StreamsListener,
): Promise<void> {
  const name = wanted.durable_name;
  const found = await unlessMissing(consumers.info(stream, name), CONSUMER_NOT_FOUND);
  if (found === undefined) {
    await consumers.add(stream, wanted);
    return;
  }
  const { ack_wait, max_ack_pending } = wanted;
  await settle(what, differencesOf(found.config, wanted), listener, async (changed) => {
    // Not `add`, which NATS 2.9 takes for an update, and 2.10 refuses with 10148.
    await consumers.update(stream, name, {
      ...(changed.has('ack_wait') && { ack_wait }),
      ...(changed.has('max_ack_pending') && { max_ack_pending }),
    });
  });
}

/** Changes what may be changed, and reports the rest. */
async function settle(
  what: string,
  differences: readonly Difference[],
  listener: StreamsListener,
  update: (changed: ReadonlySet<string>) => Promise<void>,
): Promise<void> {
  const changes = differences.filter(isChangeable);
  if (changes.length > 0) {
    await update(new Set(changes.map(({ setting }) => setting)));
    listener.changed(what, changes);
  }
  const left = differences.filter((difference) => !isChangeable(difference));
  if (left.length > 0) listener.differs(what, left);
}

async function unlessMissing<T>(asked: Promise<T>, code: number): Promise<T | undefined> {
  return await asked.catch((error: unknown) => {
    if (error instanceof JetStreamApiError && error.code === code) return undefined;
    throw error;
  });
}

/**
 * The JetStream streams, and the consumers of those who read them durably. Verifiers do not depend
 * on them.
 *
 * They are made again when they are missing, so that losing the disk of NATS costs the history of
 * durable subscribers and nothing else. Only auth may make them: see `busPermissions`.
 */
import {
  AckPolicy,
  DeliverPolicy,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import {
  DURABLES,
  EVENT_STREAMS,
  streamName,
  type Durable,
  type Subjects,
} from '@portcullis/contracts';
import { nanos, type NatsConnection } from '@nats-io/transport-node';

const DAY_MS = 24 * 60 * 60 * 1_000;
/** For how long a durable subscriber may stay away. */
const KEPT_DAYS = 14;
/** Publishing twice within this is one message; correctness does not rest on it. */
const DUPLICATE_WINDOW_MS = 2 * 60 * 1_000;
/** Heads of the audit trail, some 200 bytes each: one a second from each instance, while rows come. */
const KEPT_HEADS = 250_000;
/** After this an unacknowledged message is delivered again. */
const ACK_WAIT_MS = 30_000;
/** Messages on their way to one service at once. */
const MAX_ACK_PENDING = 256;

/**
 * Making what is there already, with the same configuration, changes nothing.
 *
 * @param durables besides those of this repository
 */
export async function ensureStreams(
  connection: NatsConnection,
  subjects: Subjects,
  durables: readonly Durable[],
  timeoutMs: number,
): Promise<void> {
  const options = { timeout: timeoutMs, checkAPI: false };
  const { streams, consumers } = await jetstreamManager(connection, options);
  for (const stream of EVENT_STREAMS) {
    await streams.add({
      name: streamName(subjects, stream),
      subjects: [subjects[stream]],
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      max_age: nanos(KEPT_DAYS * DAY_MS),
      duplicate_window: nanos(DUPLICATE_WINDOW_MS),
    });
  }
  await streams.add({
    name: subjects.auditStream,
    subjects: [subjects.auditHeads],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    max_msgs: KEPT_HEADS,
    duplicate_window: nanos(DUPLICATE_WINDOW_MS),
    deny_delete: true,
    deny_purge: true,
  });
  for (const { service, stream } of [...DURABLES, ...durables]) {
    // Without a deliver_subject, so that it is pulled from, by whoever may ask under its name.
    await consumers.add(streamName(subjects, stream), {
      durable_name: service,
      filter_subject: subjects[stream],
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: nanos(ACK_WAIT_MS),
      max_ack_pending: MAX_ACK_PENDING,
    });
  }
}

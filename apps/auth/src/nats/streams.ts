/**
 * The JetStream streams: what durable subscribers read. Verifiers do not depend on them.
 *
 * They are made again when they are found missing, so that losing the disk of NATS costs the history
 * of durable subscribers and nothing else.
 */
import { jetstreamManager, RetentionPolicy, StorageType } from '@nats-io/jetstream';
import type { Subjects } from '@portcullis/contracts';
import { nanos, type NatsConnection } from '@nats-io/transport-node';

const DAY_MS = 24 * 60 * 60 * 1_000;
/** For how long a durable subscriber may stay away. */
const KEPT_DAYS = 14;
/** Publishing twice within this is one message; correctness does not rest on it. */
const DUPLICATE_WINDOW_MS = 2 * 60 * 1_000;

export async function ensureStreams(
  connection: NatsConnection,
  subjects: Subjects,
  timeoutMs: number,
): Promise<void> {
  const { streams } = await jetstreamManager(connection, { timeout: timeoutMs });
  for (const [name, subject] of [
    [subjects.revocationStream, subjects.revocations],
    [subjects.accountStream, subjects.accounts],
  ] as const) {
    // Adding a stream that is there already, with the same configuration, changes nothing.
    await streams.add({
      name,
      subjects: [subject],
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      max_age: nanos(KEPT_DAYS * DAY_MS),
      duplicate_window: nanos(DUPLICATE_WINDOW_MS),
    });
  }
}

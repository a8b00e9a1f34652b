/** Reads the published heads of the audit trail, all that are kept. */
import { jetstreamManager, JetStreamApiError } from '@nats-io/jetstream';
import { subjectsOf } from '@portcullis/bus';
import type { NatsConnection } from '@nats-io/transport-node';
import * as z from 'zod';
import type { PublishedHead } from './verify-trail.ts';

const TIMEOUT_MS = 5_000;
/** Questions under way at once. */
const AT_ONCE = 256;
const STREAM_NOT_FOUND = 10_059;

const publishedHead = z.object({
  version: z.literal(1),
  position: z.int().min(1),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
});

/**
 * Asks for one message after the other: a consumer would need rights that auth has no other use for.
 *
 * @returns null when nothing was ever published here, or NATS has lost its disk
 */
export async function readAuditHeads(
  connection: NatsConnection,
  prefix: string,
): Promise<PublishedHead[] | null> {
  const { auditStream } = subjectsOf(prefix);
  const { streams } = await jetstreamManager(connection, { timeout: TIMEOUT_MS, checkAPI: false });
  const info = await streams.info(auditStream).catch((error: unknown) => {
    if (error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND) return null;
    throw error;
  });
  if (info === null || info.state.messages === 0) return null;
  const { first_seq: first, last_seq: last } = info.state;
  const heads: PublishedHead[] = [];
  for (let from = first; from <= last; from += AT_ONCE) {
    const length = Math.min(AT_ONCE, last - from + 1);
    const messages = await Promise.all(
      Array.from({ length }, (_, i) => streams.getMessage(auditStream, { seq: from + i })),
    );
    for (const message of messages) {
      // The oldest are dropped while this reads.
      if (message === null) continue;
      const { position, hash } = publishedHead.parse(message.json());
      heads.push({ sequence: message.seq, position, hash, at: message.time });
    }
  }
  return heads;
}

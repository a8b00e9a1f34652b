/** Makes the durable consumer, for users of NATS that may: see `makeConsumers`. */
import { AckPolicy, DeliverPolicy, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';

/** Milliseconds until an unacknowledged event is delivered again. */
const ACK_WAIT_MS = 30_000;
const MAX_ACK_PENDING = 256;
const NANOSECONDS_A_MS = 1_000_000;

export interface ConsumerSpec {
  stream: string;
  durable: string;
  /** One subject: the oldest supported server takes no list. */
  filter: string;
}

/** One that is there is left as it is, with its settings. */
export async function makeConsumer(connection: NatsConnection, spec: ConsumerSpec): Promise<void> {
  const { consumers } = await jetstreamManager(connection, { checkAPI: false });
  const there = await consumers.info(spec.stream, spec.durable).catch(() => undefined);
  if (there !== undefined) return;
  await consumers.add(spec.stream, {
    durable_name: spec.durable,
    filter_subject: spec.filter,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: ACK_WAIT_MS * NANOSECONDS_A_MS,
    max_ack_pending: MAX_ACK_PENDING,
  });
}

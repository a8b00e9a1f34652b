/** Where a service finds its durable consumer. */
import { jetstream, type Consumer } from '@nats-io/jetstream';
import { EVENTS_API } from '@portcullis/bus';
import type { NatsConnection } from '@nats-io/transport-node';
import { isDenied } from './problem.ts';

/** @throws when it is not there, or not yet */
export async function findConsumer(
  connection: NatsConnection,
  stream: string,
  durable: string,
): Promise<Consumer> {
  const from = async (options?: { apiPrefix: string }): Promise<Consumer> =>
    await jetstream(connection, options).consumers.get(stream, durable);
  try {
    return await from({ apiPrefix: EVENTS_API });
  } catch (error) {
    // There is no answer, or no question is allowed: a server on which all services share one account.
    const noImport = error instanceof Error && error.name === 'JetStreamNotEnabled';
    if (!noImport && !isDenied(error)) throw error;
    return await from().catch((other: unknown) => {
      // With neither, the import is what is missing.
      throw isDenied(error) ? error : other;
    });
  }
}

/** Revocations over NATS: core subscriptions for the push, request and reply for the grants. */
import { subjectsOf } from '@portcullis/contracts';
import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import type { FeedListener, RevocationFeed } from '../revocation/feed.ts';

export interface NatsFeedOptions {
  /** Connected with this service's own credentials, and without a limit of reconnects. */
  connection: NatsConnection;
  /** The prefix of all subjects, as the auth service has it; `portcullis` unless given. */
  prefix?: string;
}

/** A feed over a connection that the caller owns and closes. */
export function natsFeed(options: NatsFeedOptions): RevocationFeed {
  const { connection, prefix = 'portcullis' } = options;
  const subjects = subjectsOf(prefix);
  let service = '';
  const subscriptions: Subscription[] = [];
  let open = false;

  const listen = (subject: string, deliver: (bytes: Uint8Array) => void): void => {
    subscriptions.push(
      connection.subscribe(subject, {
        // A callback, not an iterator: an event is applied in the turn in which it arrives.
        callback: (error, message) => {
          if (error === null) deliver(message.data);
        },
      }),
    );
  };

  const watchLink = async (listener: FeedListener): Promise<void> => {
    for await (const status of connection.status()) {
      if (!open) return;
      if (status.type === 'reconnect') listener.restored();
    }
  };

  return {
    async open(listener, as) {
      open = true;
      service = as;
      listen(subjects.revocations, (bytes) => listener.revocation(bytes));
      listen(subjects.numbered, (bytes) => listener.numbered(bytes));
      void watchLink(listener);
      // Answered only after the server has seen the subscriptions. While it is away, the grants
      // that follow will fail and be asked for again.
      if (!connection.isClosed()) await connection.flush();
    },
    async request(request, timeoutMs) {
      const reply = await connection.request(
        subjects.grant(request.service),
        JSON.stringify(request),
        {
          timeout: timeoutMs,
        },
      );
      return reply.data;
    },
    acknowledge(acknowledgement) {
      if (!connection.isClosed()) {
        connection.publish(subjects.acknowledge(service), JSON.stringify(acknowledgement));
      }
    },
    async farewell(farewell) {
      if (connection.isClosed()) return;
      connection.publish(subjects.farewell(service), JSON.stringify(farewell));
      await Promise.race([connection.flush(), after(FAREWELL_TIMEOUT_MS)]);
    },
    async close() {
      open = false;
      for (const subscription of subscriptions.splice(0)) subscription.unsubscribe();
    },
  };
}

const FAREWELL_TIMEOUT_MS = 500;

function after(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds).unref();
  });
}

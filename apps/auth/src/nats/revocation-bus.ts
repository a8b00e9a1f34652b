/** The bus over NATS. Core subjects for pushes and grants, JetStream for what must be kept. */
import { jetstream, type JetStreamClient } from '@nats-io/jetstream';
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import {
  acknowledgement,
  farewell,
  grantRequest,
  subjectsOf,
  type Subjects,
} from '@portcullis/contracts';
import type { z } from 'zod';
import type { BusListener, RevocationBus } from '../revocation/bus.ts';
import { ensureStreams } from './streams.ts';

const STORE_TIMEOUT_MS = 2_000;
/** The instances of auth share the questions; confirmations go to each of them. */
const QUEUE = 'auth';

export interface NatsRevocationBusOptions {
  connection: NatsConnection;
  /** Whether the link is up now. */
  isConnected(): boolean;
  prefix: string;
  malformed(subject: string): void;
  failed(error: unknown, what: string): void;
}

export class NatsRevocationBus implements RevocationBus, AsyncDisposable {
  readonly #options: NatsRevocationBusOptions;
  readonly #subjects: Subjects;
  readonly #jetstream: JetStreamClient;
  readonly #subscriptions: Subscription[] = [];
  #restoring: Promise<void> | undefined;

  constructor(options: NatsRevocationBusOptions) {
    this.#options = options;
    this.#subjects = subjectsOf(options.prefix);
    this.#jetstream = jetstream(options.connection, { timeout: STORE_TIMEOUT_MS });
  }

  get connected(): boolean {
    return this.#options.isConnected();
  }

  async push(event: Parameters<RevocationBus['push']>[0]): Promise<void> {
    await this.#store(this.#subjects.revocation(event.kind), event.id, event);
  }

  async publish(event: Parameters<RevocationBus['publish']>[0]): Promise<void> {
    await this.#store(this.#subjects.account(event.type), event.id, event);
  }

  numbered(notice: Parameters<RevocationBus['numbered']>[0]): void {
    if (this.connected) {
      this.#options.connection.publish(this.#subjects.numbered, JSON.stringify(notice));
    }
  }

  async listen(listener: BusListener): Promise<void> {
    const { connection } = this.#options;
    this.#on(this.#subjects.grants, QUEUE, grantRequest, async (request, message) => {
      // The subject is what the credentials allow; the body has to agree with it.
      if (message.subject !== this.#subjects.grant(request.service)) return;
      message.respond(JSON.stringify(await listener.grant(request)));
    });
    this.#on(this.#subjects.acknowledgements, undefined, acknowledgement, (confirmed) =>
      listener.acknowledged(confirmed),
    );
    this.#on(this.#subjects.farewells, QUEUE, farewell, (leaving, message) =>
      listener.farewell(leaving, message.subject.slice(message.subject.lastIndexOf('.') + 1)),
    );
    await connection.flush();
    await ensureStreams(connection, this.#subjects, STORE_TIMEOUT_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const subscription of this.#subscriptions.splice(0)) subscription.unsubscribe();
    await this.#restoring;
  }

  #on<S extends z.ZodType>(
    subject: string,
    queue: string | undefined,
    schema: S,
    handle: (value: z.infer<S>, message: Msg) => void | Promise<void>,
  ): void {
    const { connection, malformed, failed } = this.#options;
    const subscription = connection.subscribe(subject, {
      ...(queue === undefined ? {} : { queue }),
      callback: (error, message) => {
        if (error !== null) return failed(error, `listening on ${subject}`);
        const parsed = schema.safeParse(parseJson(message));
        if (!parsed.success) return malformed(message.subject);
        Promise.resolve(handle(parsed.data, message)).catch((cause: unknown) =>
          failed(cause, `answering on ${subject}`),
        );
      },
    });
    this.#subscriptions.push(subscription);
  }

  /** A publish to a stream's subject reaches core subscribers at once, whatever the stream does. */
  async #store(subject: string, id: string, value: unknown): Promise<void> {
    try {
      await this.#jetstream.publish(subject, JSON.stringify(value), { msgID: id, retries: 0 });
    } catch (error) {
      // Perhaps the streams are gone. What was not stored is published again by the sweep.
      this.#restore();
      throw error;
    }
  }

  #restore(): void {
    const { connection, failed } = this.#options;
    if (!this.connected) return;
    this.#restoring ??= ensureStreams(connection, this.#subjects, STORE_TIMEOUT_MS)
      .catch((error: unknown) => failed(error, 'making the streams again'))
      .finally(() => {
        this.#restoring = undefined;
      });
  }
}

function parseJson(message: Msg): unknown {
  try {
    return message.json();
  } catch {
    return undefined;
  }
}

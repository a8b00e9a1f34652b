/**
 * The bus over NATS. Core subjects for pushes and grants, JetStream for what must be kept.
 *
 * It may be unavailable when auth starts, and come later: until then nothing is pushed, and what was
 * committed meanwhile is found in the log.
 */
import { jetstream, type JetStreamClient } from '@nats-io/jetstream';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { isInbox, subjectsOf, type Durable, type Subjects } from '@portcullis/bus';
import type { Acknowledgement } from '@portcullis/contracts';
import { acknowledgement, deregister, grantRequest } from '@portcullis/contracts/schemas';
import { OpenSubscriptions, type SubscriptionListener } from '@portcullis/verify/feeds/nats';
import type { z } from 'zod';
import type { AuditHead } from '../audit/chain.ts';
import type { PublishedHeads } from '../audit/trail.ts';
import type { BusListener, RevocationBus } from '../revocation/bus.ts';
import { readable, type Difference } from './stream-settings.ts';
import { ensureStreams } from './streams.ts';

const STORE_TIMEOUT_MS = 2_000;
/**
 * From the push to its copy for durable subscribers, which the server writes to its disk: at the same
 * moment that would take the processor from those whom the push is for. Milliseconds.
 */
const STORED_AFTER_MS = 2;
/** For how long a start waits for the bus; grants over HTTP need none. */
const LISTEN_TIMEOUT_MS = 1_000;
/** Between two looks whether streams and consumers are still there; others may not make them. */
const RESTORE_MS = 10_000;
/** The instances of auth share the questions; confirmations go to each of them. */
const QUEUE = 'auth';

export interface NatsRevocationBusOptions {
  connection: NatsConnection | Promise<NatsConnection>;
  /** Whether the link is up now. */
  isConnected(): boolean;
  /** Called when NATS denies a subscription of this service, and when it allows it again. */
  subscriptions: SubscriptionListener;
  prefix: string;
  /** Consumers to make for services that are not of this repository, as they are at each look. */
  durables(this: void): readonly Durable[];
  malformed(message: string, length: number, subject: string): void;
  failed(error: unknown, what: string): void;
  /** A stream or consumer was changed to what this release wants. */
  settingsChanged(what: string, differences: readonly Difference[]): void;
  /** Called once for a stream or consumer with other settings, which are left alone. */
  settingsDiffer(what: string, differences: readonly Difference[]): void;
}

interface Link {
  connection: NatsConnection;
  subscriptions: OpenSubscriptions;
  jetstream: JetStreamClient;
}

export class NatsRevocationBus implements RevocationBus, PublishedHeads, AsyncDisposable {
  readonly #options: NatsRevocationBusOptions;
  readonly #subjects: Subjects;
  /** Absent until there has been a connection, and it listens. */
  #link: Link | undefined;
  #disposed = false;
  #restoring: Promise<void> | undefined;
  /** What was reported of streams and consumers with other settings. */
  #differing = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: NatsRevocationBusOptions) {
    this.#options = options;
    this.#subjects = subjectsOf(options.prefix);
  }

  get connected(): boolean {
    return this.#link !== undefined && this.#options.isConnected();
  }

  async push(event: Parameters<RevocationBus['push']>[0]): Promise<void> {
    this.#publish(this.#subjects.pushes, event);
    await after(STORED_AFTER_MS);
    await this.#store(this.#subjects.revocation(event.kind), event.id, event);
  }

  async publish(event: Parameters<RevocationBus['publish']>[0]): Promise<void> {
    await this.#store(this.#subjects.account(event.type), event.id, event);
  }

  async publishHead(head: AuditHead): Promise<void> {
    const id = `audit-${head.position}-${head.hash}`;
    await this.#store(this.#subjects.auditHeads, id, { version: 1, ...head });
  }

  numbered(notice: Parameters<RevocationBus['numbered']>[0]): void {
    this.#publish(this.#subjects.numbered, notice);
  }

  /** Notifies every instance of what a verifier has confirmed by another way than the bus. */
  acknowledge(service: string, confirmed: Acknowledgement): void {
    this.#publish(this.#subjects.acknowledge(service), confirmed);
  }

  /** Resolves when it listens; a connection that is not there yet is not waited for much longer. */
  async listen(listener: BusListener): Promise<void> {
    const { connection, failed } = this.#options;
    if (!(connection instanceof Promise)) return await this.#listenOn(connection, listener);
    const listening = connection
      .then(async (late) => {
        if (!this.#disposed) await this.#listenOn(late, listener);
      })
      .catch((error: unknown) => failed(error, 'listening on the bus'));
    await Promise.race([listening, after(LISTEN_TIMEOUT_MS)]);
  }

  async #listenOn(connection: NatsConnection, listener: BusListener): Promise<void> {
    const malformed = (message: Msg): void => this.#malformed('grant request', message);
    this.#link = {
      connection,
      subscriptions: new OpenSubscriptions(connection, this.#options.subscriptions),
      jetstream: jetstream(connection, { timeout: STORE_TIMEOUT_MS }),
    };
    this.#on(
      'grant request',
      this.#subjects.grants,
      QUEUE,
      grantRequest,
      async (request, message) => {
        // The subject is what the credentials allow; the body has to agree with it.
        if (message.subject !== this.#subjects.grant(request.service)) {
          return malformed(message);
        }
        // Nor would this be an answer, but something that auth itself publishes.
        if (!isInbox(message.reply ?? '')) return malformed(message);
        message.respond(JSON.stringify(await listener.grant(request)));
      },
    );
    this.#on(
      'acknowledgement',
      this.#subjects.acknowledgements,
      undefined,
      acknowledgement,
      (confirmed, message) => listener.acknowledged(confirmed, serviceOf(message)),
    );
    this.#on('deregister', this.#subjects.deregistrations, QUEUE, deregister, (leaving, message) =>
      listener.deregister(leaving, serviceOf(message)),
    );
    this.#timer = setInterval(() => void this.#restore(), RESTORE_MS).unref();
    await connection.flush();
    await this.#restore();
  }

  /** Makes what is missing now, instead of at the next look. Never rejects. */
  async lookAfterStreams(): Promise<void> {
    // One that is under way may have begun with what was wanted before.
    await this.#restoring;
    if (!this.#disposed) await this.#restore();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    clearInterval(this.#timer);
    this.#link?.subscriptions.close();
    await this.#restoring;
  }

  #on<S extends z.ZodType>(
    kind: string,
    subject: string,
    queue: string | undefined,
    schema: S,
    handle: (value: z.infer<S>, message: Msg) => void | Promise<void>,
  ): void {
    const { failed } = this.#options;
    const take = (message: Msg): void => {
      const parsed = schema.safeParse(parseJson(message));
      if (!parsed.success) return this.#malformed(kind, message);
      Promise.resolve(handle(parsed.data, message)).catch((cause: unknown) =>
        failed(cause, `answering on ${subject}`),
      );
    };
    this.#link?.subscriptions.add(subject, take, queue);
  }

  #malformed(kind: string, { subject, data }: Msg): void {
    this.#options.malformed(kind, data.length, subject);
  }

  #publish(subject: string, message: unknown): void {
    if (this.connected) this.#link?.connection.publish(subject, JSON.stringify(message));
  }

  async #store(subject: string, id: string, value: unknown): Promise<void> {
    if (this.#link === undefined) throw new Error('not connected to NATS yet');
    const { jetstream: store } = this.#link;
    try {
      await store.publish(subject, JSON.stringify(value), { msgID: id, retries: 0 });
    } catch (error) {
      // Perhaps the streams are gone. What was not stored is published again by the sweep.
      void this.#restore();
      throw error;
    }
  }

  /** Never rejects: without streams the push and the grants go on. */
  async #restore(): Promise<void> {
    const { failed } = this.#options;
    if (this.#link === undefined || !this.connected) return;
    this.#restoring ??= this.#look(this.#link.connection)
      .catch((error: unknown) => failed(error, 'looking after the streams'))
      .finally(() => {
        this.#restoring = undefined;
      });
    await this.#restoring;
  }

  async #look(connection: NatsConnection): Promise<void> {
    const { durables, failed, settingsChanged, settingsDiffer } = this.#options;
    const differing = new Map<string, string>();
    await ensureStreams(connection, this.#subjects, durables(), STORE_TIMEOUT_MS, {
      failed,
      changed: (what, differences) => settingsChanged(what, differences.map(readable)),
      differs: (what, differences) => {
        const text = JSON.stringify(differences);
        differing.set(what, text);
        if (this.#differing.get(what) !== text) settingsDiffer(what, differences.map(readable));
      },
    });
    this.#differing = differing;
  }
}

function parseJson(message: Msg): unknown {
  try {
    return message.json();
  } catch {
    return undefined;
  }
}

function after(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds).unref();
  });
}

/** The last token of the subject, which is all that the sender's credentials let it say it is. */
function serviceOf({ subject }: Msg): string {
  return subject.slice(subject.lastIndexOf('.') + 1);
}

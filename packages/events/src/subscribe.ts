/**
 * Receives revocations and account events, at least once, in one call.
 *
 * Every service has a durable consumer of its own for each stream that it listens to: what happens
 * while it is disconnected waits for it (14 days). Its instances share the consumer, and so the work.
 *
 * This is for services that have something to do (close what they opened, delete what they keep).
 * It is not how tokens are checked: that is the business of @portcullis/verify, which knows how fresh
 * it is.
 */
import { streamName, subjectsOf, type EventStream } from '@portcullis/bus';
import type { AccountEvent, RevocationEvent } from '@portcullis/contracts';
import type { NatsConnection } from '@nats-io/transport-node';
import { SOURCES, subjectOf, type EventName, type EventsByName } from './catalogue.ts';
import { Dispatcher, type EventSubscriptionStats, type UnknownEvent } from './dispatcher.ts';
import { DurableReader } from './durable-reader.ts';
import { processWarnings, type Logger } from './logger.ts';
import { makeConsumer } from './make-consumer.ts';
import { demandSubscriptionOptions } from './options.ts';
import type { EventProblem } from './problem.ts';

/**
 * Returns after its effect is committed; a rejection has the event delivered again, later and later.
 * May see an event twice, late, and after a newer one.
 */
type Handler<N extends EventName> = (event: EventsByName[N]) => Promise<void> | void;

/** What a service may leave out, on purpose: an event, or all events of a stream. */
export type Ignorable = EventName | EventStream;

type NamesOf<I extends Ignorable> =
  | Extract<I, EventName>
  | ('accounts' extends I ? AccountEvent['type'] : never)
  | ('revocations' extends I ? RevocationEvent['kind'] : never);

/**
 * What to do on each event of the catalogue but the ignored ones. One that is missing does not
 * compile, so that an event which a later version adds is not missed in silence.
 */
export type EventHandlers<I extends Ignorable = never> = {
  [N in Exclude<EventName, NamesOf<I>>]: Handler<N>;
};

export interface EventSubscriptionOptions<I extends Ignorable = never> {
  connection: NatsConnection | Promise<NatsConnection>;
  /** `PORTCULLIS_PREFIX` of the deployment; `portcullis` unless given. */
  prefix?: string;
  /** The name of the service: NATS remembers under it how far the service has got. */
  durable: string;
  handlers: EventHandlers<I>;
  /**
   * Events, or whole streams (`revocations`, `accounts`), that this service has no use for. What of
   * them arrives is acknowledged, counted as skipped, and logged once for each kind.
   */
  ignored?: readonly I[];
  /**
   * Called for every event of an unknown version or kind. It is dropped afterwards, with a line in the
   * log: update this package. A rejection keeps it, and has it delivered again.
   */
  onUnknown?: (event: UnknownEvent) => Promise<void> | void;
  /**
   * Makes the durable consumer when it is missing. For that the service's NATS user must be allowed to
   * create consumers, and so could read all that is in the stream; otherwise the operator makes it
   * (docs/events.md).
   */
  makeConsumers?: boolean;
  /**
   * Milliseconds after which a handler counts as failed: its event is delivered again, later. 60,000
   * unless given. A handler that takes longer than a second holds no other event up.
   */
  handledWithin?: number;
  /** Without one, errors are warnings of the process (`process.on('warning', …)`). */
  logger?: Logger;
}

/** Milliseconds. */
const HANDLED_WITHIN = 60_000;

export interface EventSubscription extends AsyncDisposable {
  stats(): EventSubscriptionStats;
  /** What keeps events from arriving, or has them arrive again and again; empty while all is well. */
  problems(): EventProblem[];
}

/**
 * @example
 * await using events = subscribeToEvents({
 *   connection, durable: 'billing',
 *   handlers: {
 *     registered: ({ user_id }) => invoices.open(user_id),
 *     deleted: ({ user_id }) => invoices.forget(user_id),
 *   },
 *   ignored: ['revocations', 'profile-changed', 'email-changed', 'disabled', 'enabled', 'roles-changed'],
 * });
 * @throws TypeError that names the option that cannot be meant, such as a handler of no known event
 */
export function subscribeToEvents<const I extends Ignorable = never>(
  options: EventSubscriptionOptions<I>,
): EventSubscription {
  demandSubscriptionOptions(options);
  const { prefix = 'portcullis', durable, logger = processWarnings } = options;
  const dispatcher = new Dispatcher({
    handlers: options.handlers,
    ignored: options.ignored ?? [],
    onUnknown: (event) => options.onUnknown?.(event),
    logger,
  });
  const { stats } = dispatcher;
  const readerOf = (stream: EventStream): DurableReader => {
    const spec = { stream: streamName(subjectsOf(prefix), stream), durable };
    return new DurableReader({
      ...spec,
      connection: options.connection,
      ...(options.makeConsumers === true && {
        prepare: (connection: NatsConnection) =>
          makeConsumer(connection, { ...spec, filter: subjectOf(prefix, stream, '*') }),
      }),
      take: (message) => dispatcher.dispatch(stream, message),
      takeWithin: options.handledWithin ?? HANDLED_WITHIN,
      onFailed: () => {
        stats.failed += 1;
      },
      onUnacknowledged: () => {
        stats.unacknowledged += 1;
      },
      logger,
    });
  };
  const readers = SOURCES.map(({ stream }) => stream)
    .filter((stream) => dispatcher.handles(stream))
    .map(readerOf);

  return {
    stats: () => ({ ...stats }),
    problems: () => readers.flatMap((reader) => reader.problems()),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(readers.map((reader) => reader[Symbol.asyncDispose]()));
    },
  };
}

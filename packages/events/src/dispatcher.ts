/** Reads each message, calls the handler of its event, and counts the outcomes. */
import type { EventStream } from '@portcullis/bus';
import type { JsMsg } from '@nats-io/jetstream';
import { namesIn, type EventName, type EventsByName } from './catalogue.ts';
import type { Logger } from './logger.ts';
import { readEvent } from './read-event.ts';

/** An event that this version of the package does not know: newer, most likely. */
export interface UnknownEvent {
  subject: string;
  name: string;
  version: unknown;
  /** The message as it came. */
  text: string;
}

export interface EventSubscriptionStats {
  handled: number;
  /** Attempts of handlers that rejected, or did not come to an end in time. */
  failed: number;
  /** Acknowledgements that NATS has not confirmed. */
  unacknowledged: number;
  /** Known, and ignored or without a handler here. */
  skipped: number;
  unknown: number;
  malformed: number;
}

type AnyHandler = (event: EventsByName[EventName]) => Promise<void> | void;

export interface DispatcherOptions {
  /** Handlers by the name of the event; what is no function counts as missing. */
  handlers: Readonly<Record<string, unknown>>;
  /** Names of events and of streams. */
  ignored: readonly string[];
  onUnknown: (event: UnknownEvent) => Promise<void> | void;
  logger: Logger;
}

export class Dispatcher {
  readonly stats: EventSubscriptionStats = {
    handled: 0,
    failed: 0,
    unacknowledged: 0,
    skipped: 0,
    unknown: 0,
    malformed: 0,
  };
  readonly #handlers = new Map<string, AnyHandler>();
  readonly #ignored: ReadonlySet<string>;
  /** Events that a line in the log has named as skipped. */
  readonly #logged = new Set<string>();
  readonly #onUnknown: DispatcherOptions['onUnknown'];
  readonly #logger: Logger;

  constructor({ handlers, ignored, onUnknown, logger }: DispatcherOptions) {
    for (const [name, handler] of Object.entries(handlers)) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each is called by its name
      if (typeof handler === 'function') this.#handlers.set(name, handler as AnyHandler);
    }
    this.#ignored = new Set(ignored);
    this.#onUnknown = onUnknown;
    this.#logger = logger;
  }

  /** Whether any event of the stream has a handler. */
  handles(stream: EventStream): boolean {
    return namesIn(stream).some((name) => this.#handlers.has(name));
  }

  /**
   * Returns after the handler has; rejects as the handler does.
   *
   * @returns `dropped` for an event that this version can never handle
   */
  async dispatch(stream: EventStream, message: JsMsg): Promise<'taken' | 'dropped'> {
    const { subject, seq } = message;
    const text = message.string();
    const read = readEvent(stream, text);
    switch (read.outcome) {
      case 'event': {
        const handler = this.#handlers.get(read.name);
        if (handler === undefined) this.#logSkipped(stream, read.name);
        else await handler(read.event);
        this.stats[handler === undefined ? 'skipped' : 'handled'] += 1;
        return 'taken';
      }
      case 'unknown': {
        const { name, version } = read;
        await this.#onUnknown({ subject, name, version, text });
        this.stats.unknown += 1;
        this.#logger.error({ subject, seq, name, version }, 'unknown event dropped');
        return 'dropped';
      }
      case 'malformed':
        this.stats.malformed += 1;
        this.#logger.error({ subject, seq, detail: read.detail }, 'malformed event dropped');
        return 'dropped';
    }
  }

  /** One line for each kind of event. */
  #logSkipped(stream: EventStream, name: string): void {
    if (this.#logged.has(name)) return;
    this.#logged.add(name);
    if (this.#ignored.has(name) || this.#ignored.has(stream)) {
      this.#logger.info({ name }, 'ignored event skipped');
      return;
    }
    // Types refuse it; plain JavaScript gets this far.
    this.#logger.warn(
      { name },
      'event without a handler skipped: handle it, or list it in `ignored`',
    );
  }
}

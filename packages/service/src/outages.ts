/**
 * The outages of all parts of one service, so that each has one line in the log whichever of its users met
 * it first. What fails for another reason has a bounded line of its own.
 */
import { reasonOfFault } from '@portcullis/api';
import { errors } from '@nats-io/transport-node';
import { BoundedLines } from './bounded-lines.ts';
import type { Logger } from './logger.ts';
import { Outage, type OutageOptions } from './outage.ts';

const MAX_DEPTH = 8;

export interface OutagesOptions {
  logger: Logger;
  /** The part that a fault of the infrastructure is of, where it is none of NATS: `postgres`, or `auth`. */
  needed: string;
}

export class Outages {
  readonly #options: OutagesOptions;
  readonly #byPart = new Map<string, Outage>();
  readonly #others: BoundedLines;

  constructor(options: OutagesOptions) {
    this.#options = options;
    this.#others = new BoundedLines(options.logger, 'failed');
  }

  /** The outage of that part, which all of its users share. */
  of(part: string, options: Pick<OutageOptions, 'effect' | 'untilBack'> = {}): Outage {
    const { logger } = this.#options;
    const outage = this.#byPart.get(part) ?? new Outage({ logger, part, ...options });
    this.#byPart.set(part, outage);
    return outage;
  }

  /** @param what was being done, in one of a few texts */
  readonly failed = (error: unknown, what: string): void => {
    if (!this.noted(error, what)) this.#others.note(what, { what, err: error });
  };

  /** @returns false for what is the outage of no part */
  noted(error: unknown, what: string): boolean {
    const part = this.#partOf(error);
    if (part !== undefined) this.of(part).failed(error, what);
    return part !== undefined;
  }

  #partOf(error: unknown): string | undefined {
    let current = error;
    for (let depth = 0; depth < MAX_DEPTH && current instanceof Error; depth += 1) {
      if (isOfLink(current)) return NATS;
      if (isOfJetStream(current)) return this.of(NATS).isAway ? NATS : JETSTREAM;
      current = current.cause;
    }
    return reasonOfFault(error) === undefined ? undefined : this.#options.needed;
  }
}

export const NATS = 'nats';
/** Starts later than the server that it is in, and may be off while the bus works. */
const JETSTREAM = 'jetstream';

function isOfLink(error: Error): boolean {
  return (
    error instanceof errors.ConnectionError ||
    error instanceof errors.ClosedConnectionError ||
    error instanceof errors.DrainingConnectionError
  );
}

/** "Not enabled" is also what the library makes of a server whose JetStream does not answer yet. */
function isOfJetStream(error: Error): boolean {
  return (
    error instanceof errors.TimeoutError ||
    error instanceof errors.NoRespondersError ||
    error instanceof errors.RequestError ||
    error.name === 'JetStreamNotEnabled'
  );
}

/**
 * Messages on the bus that cannot be read: from a version to come, or from one who has credentials that only
 * a service should have. They change nothing, and are counted; a flood of them must not become one of the log.
 */
import { Counter, type Registry } from 'prom-client';
import { BoundedLines } from '../bounded-lines.ts';
import type { Logger } from '../logger.ts';

export class MalformedMessages {
  readonly #lines: BoundedLines;
  readonly #counter: Counter;

  constructor(logger: Logger, registry: Registry) {
    this.#lines = new BoundedLines(logger, 'malformed message on the bus');
    this.#counter = new Counter({
      name: 'portcullis_bus_malformed_total',
      help: 'Malformed messages, by kind',
      labelNames: ['message'],
      registers: [registry],
    });
  }

  /**
   * @param message what it was to be: one of a few names
   * @param length in bytes; the content goes nowhere
   */
  note(message: string, length: number, subject?: string): void {
    this.#counter.inc({ message });
    this.#lines.note(message, { message, ...(subject !== undefined && { subject }), length });
  }
}

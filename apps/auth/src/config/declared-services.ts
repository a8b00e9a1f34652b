/**
 * The services of `PORTCULLIS_SERVICES`. As a file (`PORTCULLIS_SERVICES_FILE`) they are followed while auth runs, so
 * that a service is added without a restart.
 *
 * Invariant: what is in force is what the start had or a whole, valid reading of the file. A file that is missing, cut
 * off or wrong changes nothing, and is reported once for each reason; the next reading may mend it.
 */
import type { Durable } from '@portcullis/bus';
import { ConfigurationError, type Logger } from '@portcullis/service';
import { systemClock } from '@portcullis/verify';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { repeat } from '../timing/repeat.ts';
import { services, together, type Declared } from './services.ts';

const SETTING = 'PORTCULLIS_SERVICES';
/** Milliseconds between two readings: a look at a small file. */
const READ_MS = 500;
/** Characters, as of every setting that is a file. */
const MAX_LENGTH = 64 * 1_024;

export interface DeclaredServicesOptions {
  /** Null where they are no file, or none. */
  file: string | null;
  /** What the start has read. */
  declared: Declared;
  /** What other settings say. */
  always: Declared;
  /** What is wrong with the audiences of a token, all of them together. */
  problemOfAudiences(this: void, audiences: readonly string[]): string | undefined;
}

export class DeclaredServices implements AsyncDisposable {
  readonly #options: DeclaredServicesOptions;
  readonly #logger: Logger;
  readonly #listeners = new Set<() => void>();
  #present: Declared;
  #text = '';
  #problem = '';
  #stop: (() => Promise<void>) | undefined;

  /** @throws ConfigurationError where there are too many of them beside those of other settings */
  constructor(options: DeclaredServicesOptions, logger: Logger) {
    this.#options = options;
    this.#logger = logger;
    const present = together(options.always, options.declared, options.problemOfAudiences);
    if (typeof present === 'string') throw new ConfigurationError([`${SETTING}: ${present}`]);
    this.#present = present;
  }

  /** Reads the file, where there is one, and goes on to. */
  async follow(): Promise<this> {
    const { file } = this.#options;
    if (file === null) return this;
    await this.#read(file);
    this.#stop = repeat(
      systemClock,
      READ_MS,
      () => this.#read(file),
      (error) => this.#report(String(error)),
    );
    return this;
  }

  readonly audiences = (): readonly string[] => this.#present.audiences;
  readonly durables = (): readonly Durable[] => this.#present.durables;

  /** SHA-256 of the file as it is in force, in hex; of nothing where there is none. */
  readonly digest = (): string => createHash('sha256').update(this.#text).digest('hex');

  /** Calls back once something else is in force. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop?.();
  }

  async #read(file: string): Promise<void> {
    let text: string;
    try {
      text = await readFile(file, 'utf8');
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
      return this.#report(`cannot be read (${code})`);
    }
    if (text === this.#text) return this.#clear();
    if (text.length > MAX_LENGTH) return this.#report('is too large');
    const parsed = services.safeParse(text);
    if (!parsed.success) return this.#report(parsed.error.issues[0]?.message ?? 'is not valid');
    const { always, problemOfAudiences } = this.#options;
    const present = together(always, parsed.data, problemOfAudiences);
    if (typeof present === 'string') return this.#report(present);
    this.#text = text;
    this.#present = present;
    this.#clear();
    // The start has what the first reading says, or tells of it itself.
    if (this.#stop === undefined) return;
    const { audiences, durables } = present;
    this.#logger.info({ audiences, durables }, `${SETTING}_FILE has changed, and is in force`);
    for (const listener of this.#listeners) listener();
  }

  #report(problem: string): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#logger.error({ problem }, `${SETTING}_FILE cannot be used; what it said goes on to hold`);
  }

  #clear(): void {
    this.#problem = '';
  }
}

/**
 * A setting that is a file, which is followed while auth runs.
 *
 * Invariant: what is in force is what the start had or a whole, valid reading of the file. A file that is missing, cut
 * off or wrong changes nothing, and is reported once for each reason; the next reading may mend it.
 */
import { describeError, type Logger } from '@portcullis/service';
import { systemClock } from '@portcullis/verify';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { repeat } from '../timing/repeat.ts';

/** Milliseconds between two readings: a look at a small file. */
const READ_MS = 500;
/** Characters, as of every setting that is a file. */
const MAX_LENGTH = 64 * 1_024;

const UNUSABLE = 'cannot be used; what it said goes on to hold';
/** As of a database that does not answer. */
const NOT_IN_FORCE =
  'is not in force yet, by no fault of the file; what it said goes on to hold, and it is tried again';

export interface FollowedFileOptions {
  /** Whose file it is, as a log line names it. */
  setting: string;
  /** Null where it is no file. */
  file: string | null;
  /**
   * Brings into force what the file says. Called with each other text, the first one included, never twice at once.
   *
   * @returns what is wrong with it, where something is: then it has changed nothing, and is called again
   * @throws Error for what is no fault of the file: it is called again, too
   */
  take(this: void, text: string): Promise<string | undefined> | string | undefined;
}

export class FollowedFile implements AsyncDisposable {
  readonly setting: string;
  readonly #file: string | null;
  readonly #take: FollowedFileOptions['take'];
  readonly #logger: Logger;
  #text = '';
  #problem = '';
  #reading: Promise<void> | undefined;
  #stop: (() => Promise<void>) | undefined;

  constructor({ setting, file, take }: FollowedFileOptions, logger: Logger) {
    this.setting = `${setting}_FILE`;
    this.#file = file;
    this.#take = take;
    this.#logger = logger;
  }

  /** Reads the file, where there is one, and goes on to. */
  async follow(): Promise<void> {
    if (this.#file === null) return;
    await this.read();
    this.#stop = repeat(systemClock, READ_MS, this.read, this.#failed);
  }

  /** Reads it now, where there is one, or waits for the reading that is under way. */
  readonly read = async (): Promise<void> => {
    const file = this.#file;
    if (file === null) return;
    this.#reading ??= this.#read(file)
      .catch(this.#failed)
      .finally(() => {
        this.#reading = undefined;
      });
    await this.#reading;
  };

  /** Whether readings go on: the first one has ended. */
  get followed(): boolean {
    return this.#stop !== undefined;
  }

  /** Whether the last reading could not be used. */
  readonly unusable = (): boolean => this.#problem !== '';

  /** SHA-256 of the file as it is in force, in hex; of nothing where there is none. */
  readonly digest = (): string => createHash('sha256').update(this.#text).digest('hex');

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop?.();
    await this.#reading;
  }

  async #read(file: string): Promise<void> {
    let text: string;
    try {
      text = await readFile(file, 'utf8');
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
      return this.#report(`cannot be read (${code})`);
    }
    if (text !== this.#text) {
      const problem = text.length > MAX_LENGTH ? 'is too large' : await this.#take(text);
      if (problem !== undefined) return this.#report(problem);
      this.#text = text;
    }
    this.#problem = '';
  }

  /** What a query was given is in its error, and in no log. */
  readonly #failed = (error: unknown): void =>
    this.#report(describeError(error).message, NOT_IN_FORCE);

  #report(problem: string, what = UNUSABLE): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#logger.error({ problem }, `${this.setting} ${what}`);
  }
}

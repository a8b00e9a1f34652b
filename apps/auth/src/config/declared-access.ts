/**
 * What roles carry by the configuration of this instance. As a file (`PORTCULLIS_CONFIG_FILE`) it is followed while auth
 * runs, so that `npm run config` has another mapping count without a restart.
 *
 * Invariant: it is no more than what this instance would start with. Which mapping counts is the database's to say, and a
 * file with a lower number than that leaves this instance not ready, as a start with it would.
 */
import type { AccessConfig } from '@portcullis/contracts';
import { ConfigurationError, type Logger } from '@portcullis/service';
import { accessOf } from './access.ts';
import { FollowedFile } from './followed-file.ts';

const SETTING = 'PORTCULLIS_CONFIG';

export interface DeclaredAccessOptions {
  /** Null where it is no file, or none. */
  file: string | null;
  /** As a fault names it. */
  name: string;
  /** What the start has read, and has had count. */
  declared: AccessConfig;
  /** Has it count, unless a later one does. Throws ConfigurationError where its number is that of another mapping. */
  makeCount(this: void, access: AccessConfig): Promise<void>;
}

export class DeclaredAccess implements AsyncDisposable {
  readonly source: FollowedFile;
  readonly #name: string;
  readonly #makeCount: DeclaredAccessOptions['makeCount'];
  #present: AccessConfig;

  constructor({ file, name, declared, makeCount }: DeclaredAccessOptions, logger: Logger) {
    this.#name = name;
    this.#makeCount = makeCount;
    this.#present = declared;
    const take = async (text: string) => await this.#take(text);
    this.source = new FollowedFile({ setting: SETTING, file, take }, logger);
  }

  readonly number = (): number => this.#present.number;

  async [Symbol.asyncDispose](): Promise<void> {
    await this.source[Symbol.asyncDispose]();
  }

  async #take(text: string): Promise<string | undefined> {
    try {
      const access = accessOf(text, this.#name);
      // Of what the start had, nothing is done twice: a database that has gone back is not brought forward unasked.
      if (!this.#saysTheSame(access)) await this.#makeCount(access);
      this.#present = access;
      return undefined;
    } catch (error) {
      if (error instanceof ConfigurationError) return error.problems.join('; ');
      throw error;
    }
  }

  #saysTheSame(access: AccessConfig): boolean {
    return JSON.stringify(access) === JSON.stringify(this.#present);
  }
}

/**
 * What roles carry by the configuration of this instance. As a file (`PORTCULLIS_CONFIG_FILE`) it is followed while auth
 * runs, so that `npm run config` has another mapping count without a restart.
 *
 * Invariant: it is what the start had, or a later reading that counted when it was read. Which mapping counts is the
 * database's to say: a file with a lower number changes nothing, so that one that goes back under all instances at once leaves them ready.
 */
import type { AccessConfig } from '@portcullis/contracts';
import { ConfigurationError, type Logger } from '@portcullis/service';
import { saysTheSame } from '../access/install-access.ts';
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
  /**
   * Has it count, unless a later one does. Throws ConfigurationError where its number is that of another mapping.
   *
   * @returns whether it counts now
   */
  makeCount(this: void, access: AccessConfig): Promise<boolean>;
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
  /** What this instance goes by. */
  readonly present = (): AccessConfig => this.#present;

  async [Symbol.asyncDispose](): Promise<void> {
    await this.source[Symbol.asyncDispose]();
  }

  async #take(text: string): Promise<string | undefined> {
    try {
      const access = accessOf(text, this.#name);
      // Of what the start had, nothing is done twice: a database that has gone back is not brought forward unasked.
      if (!saysTheSame(access, this.#present) && !(await this.#makeCount(access))) {
        return `${this.#name}: number: is ${access.number}, and that of a later mapping counts: raise it`;
      }
      this.#present = access;
      return undefined;
    } catch (error) {
      if (error instanceof ConfigurationError) return error.problems.join('; ');
      throw error;
    }
  }
}

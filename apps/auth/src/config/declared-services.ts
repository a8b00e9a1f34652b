/**
 * The services of `PORTCULLIS_SERVICES`. As a file (`PORTCULLIS_SERVICES_FILE`) they are followed while auth runs, so
 * that a service is added without a restart.
 */
import type { Durable } from '@portcullis/bus';
import { ConfigurationError, type Logger } from '@portcullis/service';
import { FollowedFile } from './followed-file.ts';
import { services, together, type Declared } from './services.ts';

const SETTING = 'PORTCULLIS_SERVICES';

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
  readonly source: FollowedFile;
  readonly #options: DeclaredServicesOptions;
  readonly #logger: Logger;
  readonly #listeners = new Set<() => void>();
  #present: Declared;

  /** @throws ConfigurationError where there are too many of them beside those of other settings */
  constructor(options: DeclaredServicesOptions, logger: Logger) {
    const { file, always, declared, problemOfAudiences } = options;
    this.#options = options;
    this.#logger = logger;
    const take = (text: string) => this.#take(text);
    this.source = new FollowedFile({ setting: SETTING, file, take }, logger);
    const present = together(always, declared, problemOfAudiences);
    if (typeof present === 'string') throw new ConfigurationError([`${SETTING}: ${present}`]);
    this.#present = present;
  }

  readonly audiences = (): readonly string[] => this.#present.audiences;
  readonly durables = (): readonly Durable[] => this.#present.durables;

  /** Calls back once something else is in force. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.source[Symbol.asyncDispose]();
  }

  #take(text: string): string | undefined {
    const parsed = services.safeParse(text);
    if (!parsed.success) return parsed.error.issues[0]?.message ?? 'is not valid';
    const { always, problemOfAudiences } = this.#options;
    const present = together(always, parsed.data, problemOfAudiences);
    if (typeof present === 'string') return present;
    this.#present = present;
    // The start has what the first reading says, or tells of it itself.
    if (!this.source.followed) return undefined;
    const { audiences, durables } = present;
    this.#logger.info({ audiences, durables }, `${SETTING}_FILE has changed, and is in force`);
    for (const listener of this.#listeners) listener();
    return undefined;
  }
}

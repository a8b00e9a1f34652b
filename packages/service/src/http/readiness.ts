/** Whether the service can do its work now, asked of each part that it needs. */
import type { Logger } from '../logger.ts';
import { Impaired, NotReady } from '../not-ready.ts';

/** For one check, in milliseconds. */
const CHECK_TIMEOUT_MS = 1_000;

export type ReadinessCheck = () => unknown;
export type ReadinessChecks = Readonly<
  Record<string, ReadinessCheck | { check: ReadinessCheck; timeoutMs: number }>
>;

export interface Readiness {
  status: 'ready' | 'not_ready';
  checks: Record<string, { ok: boolean; reason?: string; warning?: string }>;
}

export class ReadinessProbe {
  readonly #checks: ReadinessChecks;
  readonly #logger: Logger;
  #asking: Promise<Readiness> | undefined;
  #last: Readiness['status'] | undefined;

  constructor(checks: ReadinessChecks, logger: Logger) {
    this.#checks = checks;
    this.#logger = logger;
  }

  /** Questions that come together share one answer: a flood of them reaches no database. */
  ask(): Promise<Readiness> {
    this.#asking ??= this.#askAll().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #askAll(): Promise<Readiness> {
    const answers = await Promise.all(
      Object.entries(this.#checks).map(async ([name, entry]) => {
        const { check, timeoutMs } =
          typeof entry === 'function' ? { check: entry, timeoutMs: CHECK_TIMEOUT_MS } : entry;
        return [name, await this.#askOne(name, check, timeoutMs)] as const;
      }),
    );
    const status = answers.every(([, answer]) => answer.ok) ? 'ready' : 'not_ready';
    if (status !== this.#last) this.#logger.info({ status }, 'readiness changed');
    this.#last = status;
    return { status, checks: Object.fromEntries(answers) };
  }

  async #askOne(name: string, check: ReadinessCheck, timeoutMs: number) {
    let timer: NodeJS.Timeout | undefined;
    try {
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new NotReady(`no answer in ${timeoutMs} ms`)), timeoutMs);
      });
      const answer = await Promise.race([Promise.resolve().then(check), late]);
      return answer instanceof Impaired ? { ok: true, warning: answer.warning } : { ok: true };
    } catch (error) {
      this.#logger.debug({ check: name, err: error }, 'not ready');
      return { ok: false, reason: error instanceof NotReady ? error.message : 'failed' };
    } finally {
      clearTimeout(timer);
    }
  }
}

/**
 * What the log says of one part that this service needs and that may be away: Postgres, Redis, NATS.
 *
 *   UP ── failed() ──▶ AWAY ── back(), or no failure for a minute ──▶ UP
 *
 * Invariants: each line names the part. An outage has one line at its start, one for each reason of at most
 * two others, one every 30 s with the count of failures while they go on, and one at its end with the count
 * and how long it lasted.
 */
import type { Logger } from './logger.ts';

const REPEAT_MS = 30_000;
/** A failure after so long is another outage, where nothing says that the part is back. */
const QUIET_MS = 60_000;
/** A server that is away, and back with another password, has two. */
const MAX_REASONS = 3;

export interface OutageOptions {
  logger: Logger;
  /** As it stands in the field `part`: `postgres`, `redis`, `nats`. */
  part: string;
  /** What it means for this service, after the name of the part. */
  effect?: string;
  /** Milliseconds; for tests. */
  now?: () => number;
}

interface Away {
  since: number;
  lastFailure: number;
  lastLine: number;
  failures: number;
  readonly reasons: Set<string>;
}

export class Outage {
  readonly #options: OutageOptions;
  #away: Away | undefined;

  constructor(options: OutageOptions) {
    this.#options = options;
  }

  get isAway(): boolean {
    return this.#away !== undefined;
  }

  failed(err: unknown): void {
    const { logger, part, effect } = this.#options;
    const at = this.#now();
    const away = this.#away;
    if (away === undefined || at - away.lastFailure > QUIET_MS) {
      const reasons = new Set([reasonOf(err)]);
      this.#away = { since: at, lastFailure: at, lastLine: at, failures: 1, reasons };
      logger.warn({ part, err }, `${part} is away${effect === undefined ? '' : `; ${effect}`}`);
      return;
    }
    away.failures += 1;
    away.lastFailure = at;
    if (at - away.lastLine < REPEAT_MS && !isNews(away, reasonOf(err))) return;
    away.lastLine = at;
    logger.warn({ part, err, ...countOf(away, at) }, `${part} is still away`);
  }

  /** It answers. Costs nothing where it was not away. */
  back(): void {
    if (this.#away === undefined) return;
    const { logger, part } = this.#options;
    const counted = countOf(this.#away, this.#now());
    this.#away = undefined;
    logger.info({ part, ...counted }, `${part} is back`);
  }

  #now(): number {
    return this.#options.now?.() ?? performance.now();
  }
}

function isNews({ reasons }: Away, reason: string): boolean {
  if (reasons.has(reason) || reasons.size >= MAX_REASONS) return false;
  reasons.add(reason);
  return true;
}

/** Not the message where there is a code: a message may name a port that is another one each time. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}

function countOf({ since, failures }: Away, at: number) {
  return { failures, seconds: Math.round((at - since) / 1_000) };
}

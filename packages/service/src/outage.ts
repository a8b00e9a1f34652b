/**
 * What the log says of one part that this service needs and that may be unavailable: Postgres, Redis,
 * NATS.
 *
 *   UP ── failed() ──▶ DOWN ── back(), or no failure for ten seconds ──▶ UP
 *
 * Invariants: each line names the part. An outage has one line at its start, one for each reason of at
 * most two others, one every 30 s with the count of failures while they go on, and one at its end with
 * the count and how long it lasted.
 */
import { reasonOfPeer } from '@portcullis/api';
import type { Logger } from './logger.ts';

const REPEAT_MS = 30_000;
const SILENCE_MS = 10_000;
/** A server that is unavailable, and back with another password, has two. */
const MAX_REASONS = 3;

export interface OutageOptions {
  logger: Logger;
  /** As it stands in the field `part`: `postgres`, `redis`, `nats`. */
  part: string;
  /** What it means for this service, after the name of the part. */
  effect?: string;
  /** It is over only when `back` is called: no failure is seen while the part is unavailable. */
  untilBack?: boolean;
  silenceMs?: number;
}

interface Away {
  readonly since: number;
  readonly reasons: Set<string>;
  lastFailure: number;
  lastLine: number;
  failures: number;
  timer: NodeJS.Timeout | undefined;
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

  /** @param what was being done */
  failed(err: unknown, what?: string): void {
    const { logger, part, effect } = this.#options;
    const at = performance.now();
    const fields = { part, ...(what !== undefined && { what }), err };
    const away = this.#away;
    const peer = reasonOfPeer(err);
    const why = peer === undefined ? '' : `: ${peer}`;
    if (away === undefined) {
      logger.warn(fields, `${part} unavailable${why}${effect === undefined ? '' : `; ${effect}`}`);
      const reasons = new Set([reasonOf(err)]);
      const times = { since: at, lastFailure: at, lastLine: at };
      this.#away = { ...times, reasons, failures: 1, timer: undefined };
      this.#waitForSilence(this.#away);
      return;
    }
    away.failures += 1;
    away.lastFailure = at;
    if (at - away.lastLine < REPEAT_MS && !isNews(away, reasonOf(err))) return;
    away.lastLine = at;
    logger.warn({ ...fields, ...countOf(away, at) }, `${part} still unavailable${why}`);
  }

  /** Called when the part answers. Costs nothing where it was not unavailable. */
  back(): void {
    if (this.#away !== undefined) this.#over(this.#away, `${this.#options.part} available again`);
  }

  #waitForSilence(away: Away): void {
    const { part, untilBack = false, silenceMs = SILENCE_MS } = this.#options;
    if (untilBack) return;
    const left = away.lastFailure + silenceMs - performance.now();
    away.timer = setTimeout(() => {
      if (performance.now() - away.lastFailure < silenceMs) this.#waitForSilence(away);
      else this.#over(away, `${part} has not failed for ${silenceMs / 1_000} s`);
    }, left).unref();
  }

  #over(away: Away, message: string): void {
    clearTimeout(away.timer);
    this.#away = undefined;
    const { logger, part } = this.#options;
    logger.info({ part, ...countOf(away, performance.now()) }, message);
  }
}

function isNews({ reasons }: Away, reason: string): boolean {
  if (reasons.has(reason) || reasons.size >= MAX_REASONS) return false;
  reasons.add(reason);
  return true;
}

/** The code where there is one: a message may name a port that is another one each time. */
function reasonOf(error: unknown): string {
  let current = error;
  while (current instanceof Error) {
    if ('code' in current && typeof current.code === 'string') return current.code;
    if (!(current.cause instanceof Error)) return current.message;
    current = current.cause;
  }
  return typeof current;
}

function countOf({ since, failures }: Away, at: number) {
  return { failures, seconds: Math.round((at - since) / 1_000) };
}

/** What the rounds of many logins and of argon2 alone have shown, and how it is printed. */
import { quantile } from '../distribution.ts';
import { tableOf } from '../table.ts';
import type { LoadAnswer } from './load-questions.ts';
import type { Asked } from './latency.ts';

/** What an answer to another user may take. Milliseconds. */
const TARGET_MS = 100;
/** What the rest of a login may cost, as a part of what argon2 alone reaches. */
const TARGET_RATIO = 0.9;

interface Round {
  loaded: Asked<LoadAnswer>;
  /** Hashes for each second, before it and after it: what drifts in between is in both. */
  alone: readonly [Asked<number>, Asked<number>];
}

export class LoadSteps {
  readonly #rounds: Round[] = [];
  #last: Asked<number>;

  /** @param first argon2 alone, before the first round */
  constructor(first: Asked<number>) {
    this.#last = first;
  }

  /** @param alone argon2 alone, after that round */
  add(loaded: Asked<LoadAnswer>, alone: Asked<number>): void {
    this.#rounds.push({ loaded, alone: [this.#last, alone] });
    this.#last = alone;
  }

  print(): void {
    const rates = this.#rounds.map(({ alone: [before, after], loaded: { result } }) => ({
      ours: (result.statuses['200'] ?? 0) / (result.milliseconds / 1_000),
      bare: (before.result + after.result) / 2,
    }));
    const ratio = quantile(
      rates.map(({ ours, bare }) => ours / bare),
      0.5,
    );
    console.log(
      tableOf(
        ['logins', 'argon2 alone'],
        [
          ...rates.map(({ ours, bare }, index) => ({
            name: `round ${index + 1}`,
            unit: '/s',
            ours,
            theirs: [bare],
          })),
          {
            name: 'median of the ratios',
            unit: '×',
            ours: ratio,
            theirs: [1],
            target: { atLeastTimesFirst: TARGET_RATIO },
          },
        ],
      ),
    );
    console.log(`\n  meanwhile, ms; target ≤ ${TARGET_MS}`);
    printWaits(
      'beside logins',
      this.#rounds.map(({ loaded }) => loaded),
    );
    printWaits(
      'beside argon2',
      this.#rounds.map(({ alone: [, after] }) => after),
    );
    const times = this.#rounds.flatMap(({ loaded }) => loaded.result.times);
    console.log(`  ${'a login, either answer'.padEnd(38)}${spreadOf(times)}`);
    // One that hangs ends the load, and this with it.
    console.log(`\n  answers: ${JSON.stringify(this.#statuses())}; hung: 0`);
  }

  /** @throws Error when anything but 200, 429 and 503 was answered, or a refusal named no time */
  demandWellFormedRefusals(): void {
    const strange = Object.keys(this.#statuses()).filter(
      (status) => !['200', '429', '503'].includes(status),
    );
    if (strange.length > 0) throw new Error(`answered with ${strange.join(' ')}`);
    const without = this.#rounds.filter(({ loaded }) => loaded.result.withoutRetryAfter > 0);
    if (without.length > 0) throw new Error('refusals without Retry-After');
  }

  #statuses(): Record<string, number> {
    const all: Record<string, number> = {};
    for (const { loaded } of this.#rounds) {
      for (const [status, count] of Object.entries(loaded.result.statuses)) {
        all[status] = (all[status] ?? 0) + count;
      }
    }
    return all;
  }
}

function printWaits(beside: string, rounds: readonly Asked<unknown>[]): void {
  const names = new Set(rounds.flatMap(({ waited }) => [...waited.keys()]));
  for (const name of names) {
    const all = rounds.flatMap(({ waited }) => waited.get(name) ?? []);
    const late = all.filter((one) => one > TARGET_MS).length;
    console.log(
      `  ${`${name}, ${beside}`.padEnd(38)}${spreadOf(all)}; above ${TARGET_MS}: ${late}`,
    );
  }
}

function spreadOf(times: readonly number[]): string {
  const [middle, most] = [quantile(times, 0.5), quantile(times, 0.99)];
  const shown = [middle, most, Math.max(...times)].map((one) => one.toFixed(1));
  return `p50 ${shown[0]}, p99 ${shown[1]}, max ${shown[2]} of ${times.length}`;
}

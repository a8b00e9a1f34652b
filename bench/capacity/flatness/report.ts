/** What the sizes have shown, beside the smallest of them. */
import { quantile } from '../../distribution.ts';
import { aligned } from '../../table.ts';
import { spread, spreadOf, type Spread } from '../report.ts';
import { OPERATIONS, type Operation, type SizeTimes } from './operations.ts';

/** Each list has a place for each size. */
export interface FlatnessReport {
  readonly sessions: readonly number[];
  readonly operations: readonly OperationReport[];
}

interface OperationReport {
  readonly name: Operation;
  /** Milliseconds in the database, of one. */
  readonly ms: readonly Spread[];
  /** To that of the smallest size, round by round. */
  readonly ratios: readonly Spread[];
  /** Those that are made at every size. */
  readonly statements: readonly StatementReport[];
}

interface StatementReport {
  readonly text: string;
  readonly ms: readonly number[];
  readonly pages: readonly number[];
}

/** @param times the smallest size first */
export function flatnessReport(times: readonly SizeTimes[]): FlatnessReport {
  return {
    sessions: times.map(({ sessions }) => sessions),
    operations: OPERATIONS.map((name) => operationReport(times, name)),
  };
}

function operationReport(times: readonly SizeTimes[], name: Operation): OperationReport {
  const bySize = times.map(({ rounds }) => rounds.map((round) => round[name]));
  const smallest = bySize[0] ?? [];
  const statements = (smallest[0]?.statements ?? []).map(({ id, text }) => {
    const found = bySize.map((rounds) =>
      rounds.flatMap((one) => one.statements.filter((statement) => statement.id === id)),
    );
    const medians = (of: 'ms' | 'pages') =>
      found.map((all) =>
        quantile(
          all.map((statement) => statement[of]),
          0.5,
        ),
      );
    return { text, ms: medians('ms'), pages: medians('pages') };
  });
  return {
    name,
    ms: bySize.map((rounds) => spreadOf(rounds.map(({ ms }) => ms))),
    ratios: bySize.map((rounds) =>
      spreadOf(rounds.map(({ ms }, round) => ms / (smallest[round]?.ms ?? Number.NaN))),
    ),
    statements: statements.filter(({ pages }) => !pages.some(Number.isNaN)),
  };
}

/** An index of ten million rows is two levels deeper than one of ten thousand; a table has a thousand times the pages. */
const MOST_TIMES_PAGES = 2;

/**
 * The planner's choices: no statement goes through more rows where there are more.
 *
 * @throws Error that names each statement that goes through more than twice as many pages at a larger size
 */
export function requireLookUps({ sessions, operations }: FlatnessReport): void {
  const scans = operations.flatMap(({ name, statements }) =>
    statements.flatMap(({ text, pages }) =>
      pages.flatMap((count, at) =>
        count <= MOST_TIMES_PAGES * (pages[0] ?? 0)
          ? []
          : [
              `${name}: ${count.toFixed(0)} pages with ${sessions[at]} sessions, ${pages[0]?.toFixed(0)} with ${sessions[0]}: ${text}`,
            ],
      ),
    ),
  );
  if (scans.length > 0) throw new Error(`a statement reads whole tables:\n${scans.join('\n')}`);
}

/** A row for each operation, and one for each of its statements. */
export function flatnessTable({ sessions, operations }: FlatnessReport): string {
  const head = [
    'the database, of each',
    ...sessions.flatMap((count) => [count.toLocaleString('en'), 'times', 'pages']),
    '',
  ];
  const rows = operations.flatMap(({ name, ms, ratios, statements }) => [
    [name, ...ms.flatMap(({ median }, at) => [msOf(median), spread(ratios[at]), '']), ''],
    ...statements.map((one) => [
      `  ${shortened(one.text)}`,
      ...one.ms.flatMap((each, at) => [
        msOf(each),
        (each / (one.ms[0] ?? Number.NaN)).toFixed(2),
        (one.pages[at] ?? 0).toFixed(0),
      ]),
      '',
    ]),
  ]);
  return aligned([head, ...rows]);
}

const msOf = (value: number): string => `${value.toFixed(3)} ms`;

function shortened(text: string): string {
  const flat = text.replaceAll(/\s+/g, ' ');
  return flat.length > 44 ? `${flat.slice(0, 43)}…` : flat;
}

/** What a run has shown, as a table, and for programs. */
import { quantile } from '../distribution.ts';
import { aligned, show } from '../table.ts';
import type { Standings } from './measure.ts';
import type { Measured, Part } from './part.ts';

export interface Spread {
  median: number;
  least: number;
  most: number;
}

/** Of one subject, over its rounds. */
export interface SubjectReport {
  name: string;
  perSecond: Spread;
  /** Of all calls of all rounds, in milliseconds. */
  p50: number;
  p99: number;
  /** Of auth for each call, in milliseconds. */
  processorMs: Spread;
  /** What was done beside each call. */
  beside?: { name: string; p50: number };
}

export interface PartReport {
  name: string;
  about: string;
  atOnce: number;
  calls: number;
  subjects: SubjectReport[];
  /** Calls a second of ours, to those of each other subject, round by round. */
  ratios: { to: string; perSecond: Spread }[];
}

/** @param standings ours first */
export function reportOf(part: Part, standings: Standings): PartReport {
  const [[, ours] = ['', []]] = standings;
  const others = [...standings].slice(1);
  return {
    name: part.name,
    about: part.about,
    atOnce: part.atOnce,
    calls: ours.reduce((sum, { times }) => sum + times.length, 0),
    subjects: [...standings].map(([name, rounds]) => subjectReport(part, name, rounds)),
    ratios: others.map(([to, rounds]) => ({
      to,
      perSecond: spreadOf(ours.map((one, at) => one.perSecond / (rounds[at]?.perSecond ?? 0))),
    })),
  };
}

function subjectReport(part: Part, name: string, rounds: readonly Measured[]): SubjectReport {
  const times = rounds.flatMap((one) => one.times);
  const besides = rounds.flatMap((one) => one.besides);
  return {
    name,
    perSecond: spreadOf(rounds.map((one) => one.perSecond)),
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    processorMs: spreadOf(rounds.map((one) => one.processorMs)),
    ...(part.beside && { beside: { name: part.beside.name, p50: quantile(besides, 0.5) } }),
  };
}

/** A row for each subject of each part. */
export function tableOf(reports: readonly PartReport[]): string {
  const head = ['', 'subject', 'a second', 'ours, times', 'p50', 'p99', 'processor', 'beside'];
  const rows = reports.flatMap(({ name, subjects, ratios }) =>
    subjects.map((one, at) => [
      at === 0 ? name : '',
      one.name,
      spread(one.perSecond),
      spread(ratios[at - 1]?.perSecond),
      `${show(one.p50)} ms`,
      `${show(one.p99)} ms`,
      `${spread(one.processorMs)} ms`,
      one.beside === undefined ? '' : `${one.beside.name}: ${show(one.beside.p50)} ms`,
    ]),
  );
  return aligned([head, ...rows]);
}

export const spread = (of: Spread | undefined): string =>
  of === undefined ? '' : `${show(of.median)} (${show(of.least)}–${show(of.most)})`;

export function spreadOf(values: readonly number[]): Spread {
  return { median: quantile(values, 0.5), least: Math.min(...values), most: Math.max(...values) };
}

/**
 * Measures the contenders in turns, in one process: what disturbs one disturbs the others as likely.
 *
 * Look-ups and additions are processor time, the collector's threads included, and the best of several
 * rounds. A pause is the longest addition of a round by the clock, in the best of the rounds: one that
 * the program makes is in every round, one that the machine makes is not.
 */
import { answerQuestions, settingsOfWorker } from '@portcullis/testbed';
import type { SessionId } from '@portcullis/contracts';
import { CONTENDERS, type Contender } from './ledger-contenders.ts';
import { ledgerSettings, type Measurement } from './ledger-measurement.ts';
import { SessionIds } from './session-ids.ts';

const { entries, fillings, lookUps, ...settings } = ledgerSettings.parse(settingsOfWorker());
const contenders = settings.contenders.map((name) => CONTENDERS[name]);
const gc = globalThis.gc;
if (gc === undefined) throw new Error('run with --expose-gc');

/** Milliseconds since the epoch; entry number i expires i milliseconds later. */
const BASE = 1_800_000_000_000;
const LOOKUPS = 50_000;
const LOOKUP_ROUNDS = lookUps ? 12 : 0;

/** What is held, in bytes, garbage not counted. */
function held(): number {
  // Twice: what dies with the first collection is freed by the second.
  gc?.();
  gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Processor time of all threads since the start of the process, in milliseconds. */
function processor(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

type Filling = Pick<Measurement, 'bytes' | 'addNs' | 'pauseMs' | 'hundredMs'>;

/** Adds all, one by one, and watches each. */
function fill(contender: Contender, ids: SessionIds): Filling {
  const before = held();
  const started = processor();
  let pauseMs = 0;
  let hundredMs = 0;
  let used = started;
  let last = performance.now();
  for (let i = 0; i < ids.count; i += 1) {
    contender.add(ids.at(i), BASE + i);
    const now = performance.now();
    pauseMs = Math.max(pauseMs, now - last);
    last = now;
    // Asking for each would take longer than adding.
    if (i % 100 !== 99) continue;
    const usedNow = processor();
    hundredMs = Math.max(hundredMs, usedNow - used);
    used = usedNow;
  }
  const addNs = ((processor() - started) * 1e6) / ids.count;
  return { bytes: (held() - before) / ids.count, addNs, pauseMs, hundredMs };
}

/** @returns nanoseconds a look-up */
function lookUp(contender: Contender, sought: readonly SessionId[], expected: number): number {
  const started = processor();
  let found = 0;
  for (const id of sought) if (contender.has(id)) found += 1;
  const took = processor() - started;
  if (found !== expected) throw new Error(`found ${found} instead of ${expected}`);
  return (took * 1e6) / sought.length;
}

function measure(): Measurement[] {
  const ids = new SessionIds(entries);
  const all = contenders.map(() => new Array<Filling>());
  let filled: Contender[] = [];
  for (let round = 0; round < fillings; round += 1) {
    filled = [];
    for (const [index, make] of contenders.entries()) {
      const contender = make();
      all[index]?.push(fill(contender, ids));
      // Kept in the last round only, in which no other contender's memory is measured any more.
      if (round === fillings - 1) filled.push(contender);
    }
  }
  const looked = lookUpAll(filled, ids);
  return all.map((each, index) => ({
    bytes: Math.max(...each.map(({ bytes }) => bytes)),
    addNs: Math.min(...each.map(({ addNs }) => addNs)),
    pauseMs: Math.min(...each.map(({ pauseMs }) => pauseMs)),
    hundredMs: Math.min(...each.map(({ hundredMs }) => hundredMs)),
    absentNs: least(looked.map((round) => round[index]?.missing)),
    presentNs: least(looked.map((round) => round[index]?.there)),
  }));
}

/** @returns nanoseconds a look-up, by rounds and contenders */
function lookUpAll(filled: readonly Contender[], ids: SessionIds) {
  const others = new SessionIds(200_000);
  return Array.from({ length: LOOKUP_ROUNDS }, () =>
    filled.map((contender) => {
      const holds = contender.size > 0;
      const missing = lookUp(contender, others.some(LOOKUPS), 0);
      const there = lookUp(contender, ids.some(LOOKUPS), holds ? LOOKUPS : 0);
      return { missing, there };
    }),
  );
}

function least(values: readonly (number | undefined)[]): number {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? 0 : Math.min(...known);
}

answerQuestions(measure);

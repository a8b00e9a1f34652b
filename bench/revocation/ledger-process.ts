/**
 * Measures the contenders in turns, in one process: what disturbs one disturbs the others as likely.
 *
 * Look-ups and additions are processor time, the collector's threads included, and the best of several
 * rounds. A pause is the longest addition of a round by the clock, in the best of the rounds: one that
 * the program makes is in every round, one that the machine makes is not.
 */
import { answerQuestions, settingsOfWorker } from '@portcullis/testbed';
import type { SessionId } from '@portcullis/contracts';
import { z } from 'zod';
import { CONTENDERS, type Contender } from './ledger-contenders.ts';
import type { Measurement } from './ledger-measurement.ts';
import { SessionIds } from './session-ids.ts';

const { entries } = z.object({ entries: z.number() }).parse(settingsOfWorker());
const gc = globalThis.gc;
if (gc === undefined) throw new Error('run with --expose-gc');

/** Milliseconds since the epoch; entry number i expires i milliseconds later. */
const BASE = 1_800_000_000_000;
const LOOKUPS = 50_000;
const LOOKUP_ROUNDS = 12;
/** Adding ten million takes long, and pauses longer. */
const FILLINGS = entries > 2_000_000 ? 2 : 5;

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
  const others = new SessionIds(200_000);
  const fillings = CONTENDERS.map(() => new Array<Filling>());
  let filled: Contender[] = [];
  for (let round = 0; round < FILLINGS; round += 1) {
    filled = [];
    for (const [index, make] of CONTENDERS.entries()) {
      const contender = make();
      fillings[index]?.push(fill(contender, ids));
      // Kept in the last round only, in which no other contender's memory is measured any more.
      if (round === FILLINGS - 1) filled.push(contender);
    }
  }
  const absent = CONTENDERS.map(() => Infinity);
  const present = CONTENDERS.map(() => Infinity);
  for (let round = 0; round < LOOKUP_ROUNDS; round += 1) {
    for (const [index, contender] of filled.entries()) {
      const holds = contender.size > 0;
      const missing = lookUp(contender, others.some(LOOKUPS), 0);
      const there = lookUp(contender, ids.some(LOOKUPS), holds ? LOOKUPS : 0);
      absent[index] = Math.min(absent[index] ?? Infinity, missing);
      present[index] = Math.min(present[index] ?? Infinity, there);
    }
  }
  return fillings.map((all, index) => ({
    bytes: Math.max(...all.map(({ bytes }) => bytes)),
    addNs: Math.min(...all.map(({ addNs }) => addNs)),
    pauseMs: Math.min(...all.map(({ pauseMs }) => pauseMs)),
    hundredMs: Math.min(...all.map(({ hundredMs }) => hundredMs)),
    absentNs: absent[index] ?? 0,
    presentNs: present[index] ?? 0,
  }));
}

answerQuestions(measure);

/**
 * The ledger beside a plain Map of strings: memory, look-up, pauses, eviction, cold start.
 *
 *   node --expose-gc --conditions=portcullis-source --import tsx bench/ledger.ts [--entries 1000000,10000000]
 *
 * Both do the same in the same process, one after the other. Times are processor time of the whole
 * process, its collector's threads included, so that what else the machine has to do does not show.
 * Look-ups and cold starts are the best of several rounds. A pause is the longest of a round, in the best
 * of the rounds: one that the program makes is in every round, one that the machine makes is not. It is
 * given by the clock as well. The line below the table says what the machine makes of the same loop when
 * nothing is added.
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { contenders, type Contender } from './ledger-contenders.ts';
import { SessionIds } from './session-ids.ts';
import { tableOf, type Figure } from './table.ts';

const { values } = parseArgs({
  options: { entries: { type: 'string', default: '1000000,10000000' } },
});
const gc = globalThis.gc;
if (gc === undefined) throw new Error('run with --expose-gc');

/** Milliseconds since the epoch; entry number i expires i milliseconds later. */
const BASE = 1_800_000_000_000;
const LOOKUPS = 50_000;
const LOOKUP_ROUNDS = 12;

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** What is held, in bytes, garbage not counted. */
function held(): number {
  // Twice: what dies with the first collection is freed by the second.
  gc?.();
  gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Processor time since the start of the process, in milliseconds. */
function processor(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** Milliseconds of processor time. */
function timed(act: () => void): number {
  const start = processor();
  act();
  return processor() - start;
}

/** Times in milliseconds, but for `addNs`. */
interface Filling {
  bytes: number;
  addNs: number;
  /** Processor time of the longest hundred in a row; asking for each would take longer than adding. */
  longestHundred: number;
  /** By the clock. */
  longestAdd: number;
}

/** Adds all, one by one, and watches each. */
function fill(contender: Contender, ids: SessionIds): Filling {
  const before = held();
  const started = processor();
  let longestAdd = 0;
  let longestHundred = 0;
  let hundred = started;
  let last = performance.now();
  for (let i = 0; i < ids.count; i += 1) {
    contender.add(ids.at(i), BASE + i);
    const now = performance.now();
    longestAdd = Math.max(longestAdd, now - last);
    last = now;
    if (i % 100 !== 99) continue;
    const used = processor();
    longestHundred = Math.max(longestHundred, used - hundred);
    hundred = used;
  }
  const addNs = ((processor() - started) * 1e6) / ids.count;
  return { bytes: (held() - before) / ids.count, addNs, longestHundred, longestAdd };
}

/** @returns nanoseconds a look-up, in the best of the rounds */
function lookUp(contender: Contender, ids: SessionIds, expected: boolean): number {
  let best = Infinity;
  for (let round = 0; round < LOOKUP_ROUNDS; round += 1) {
    const sought = ids.some(LOOKUPS);
    let found = 0;
    const took = timed(() => {
      for (const id of sought) if (contender.has(id)) found += 1;
    });
    best = Math.min(best, took);
    if (found !== (expected ? LOOKUPS : 0)) throw new Error('a wrong answer');
  }
  return (best * 1e6) / LOOKUPS;
}

/** Lets the first half go. @returns the longest call, in milliseconds, and how many it took */
function evictHalf(contender: Contender, count: number): { longest: number; calls: number } {
  let longest = 0;
  let calls = 0;
  // Those that expire in the same second may stay.
  while (contender.size > count / 2 + 1_000) {
    const took = timed(() => contender.evict(BASE + count / 2));
    longest = Math.max(longest, took);
    calls += 1;
  }
  return { longest, calls };
}

function coldStart(make: () => Contender, ids: SessionIds): number {
  const contender = make();
  const start = contender.cold(ids);
  gc?.();
  const took = timed(start);
  if (contender.size !== ids.count) throw new Error('not all are there');
  return took;
}

function measure(make: () => Contender, ids: SessionIds, rounds: number) {
  const fillings = Array.from({ length: rounds }, () => fill(make(), ids));
  const coldStarts = Array.from({ length: rounds }, () => coldStart(make, ids));
  const contender = make();
  for (let i = 0; i < ids.count; i += 1) contender.add(ids.at(i), BASE + i);
  return {
    bytes: Math.max(...fillings.map(({ bytes }) => bytes)),
    absent: lookUp(contender, new SessionIds(200_000), false),
    present: lookUp(contender, ids, true),
    addNs: Math.min(...fillings.map(({ addNs }) => addNs)),
    longestHundred: Math.min(...fillings.map(({ longestHundred }) => longestHundred)),
    longestAdd: Math.min(...fillings.map(({ longestAdd }) => longestAdd)),
    coldStart: Math.min(...coldStarts),
    eviction: evictHalf(contender, ids.count),
  };
}

function compare(count: number): void {
  const ids = new SessionIds(count);
  const rounds = count > 2_000_000 ? 1 : 5;
  const { ours, theirs, nothing } = contenders(BASE);
  const mine = measure(ours, ids, rounds);
  const other = measure(theirs, ids, rounds);
  const idle = fill(nothing(), ids);

  const figure = (
    name: string,
    unit: string,
    of: (measured: typeof mine) => number,
    target?: number,
  ): Figure => ({
    name,
    unit,
    ours: of(mine),
    theirs: of(other),
    ...(target === undefined ? {} : { target }),
  });
  const figures = [
    figure('bytes an entry', 'B', ({ bytes }) => bytes, 32),
    figure('look-up, absent', 'ns', ({ absent }) => absent),
    figure('look-up, present', 'ns', ({ present }) => present),
    figure('add', 'ns', ({ addNs }) => addNs),
    figure('longest 100 adds', 'ms', ({ longestHundred }) => longestHundred, 10),
    figure('longest add by the clock', 'ms', ({ longestAdd }) => longestAdd, 10),
    figure('longest eviction', 'ms', ({ eviction }) => eviction.longest, 10),
    figure('cold start', 'ms', (measured) => measured.coldStart, count * 0.000_3),
  ];
  print(`\n${count.toLocaleString('en')} entries, ${rounds} round(s)\n`);
  print(tableOf(['ledger', 'Map'], figures));
  print(`\nhalf of them evicted in ${mine.eviction.calls} and ${other.eviction.calls} call(s)`);
  const [hundred, clock] = [idle.longestHundred, idle.longestAdd].map((time) => time.toFixed(2));
  print(`with nothing added: longest 100 ${hundred} ms, longest by the clock ${clock} ms`);
}

const load = loadavg().map((each) => each.toFixed(1));
print(`node ${process.version}, load ${load.join(' ')}`);
for (const entries of values.entries.split(',')) compare(Number(entries));

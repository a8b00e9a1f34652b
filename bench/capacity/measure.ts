/**
 * Subjects take turns within a run, in another order each round: what else the machine has to do hurts all of them
 * alike, and a ratio is taken within its round. Our own takes part twice: the ratio of these two is the noise.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { shuffled } from '../distribution.ts';
import { callerOf } from './calling.ts';
import type { Measured, Part } from './part.ts';
import { processorMs } from './processor-time.ts';
import type { Subject } from './subject.ts';

/** The kernel notes processor time when a thread is taken off; before a round is measured it is at rest. */
const REST_MS = 300;

/** Of each subject, by round. */
export type Standings = ReadonlyMap<string, readonly Measured[]>;

export interface Rounds {
  readonly rounds: number;
  /** Of the calls that a part makes in a round, and of what it needs for them, such a share. */
  readonly share: number;
  /** Called before each round. */
  progress(line: string): void;
}

/** @throws Error for the first call whose answer is not as it has to be */
export async function measure(
  part: Part,
  subjects: readonly Subject[],
  { rounds, share, progress }: Rounds,
): Promise<Standings> {
  const standings = new Map(subjects.map(({ name }) => [name, new Array<Measured>()]));
  const calls = Math.max(part.atOnce, Math.round(part.calls * share));
  for (const subject of subjects) await part.arrange?.(subject, share);
  // The first round of each is not counted: what runs for the first time is compiled and fetched first.
  for (let round = 0; round <= rounds; round += 1) {
    for (const subject of shuffled(subjects)) {
      progress(`${part.name}: round ${round} of ${rounds}, ${subject.name}`);
      const measured = await measureOnce(part, subject, calls);
      if (round > 0) standings.get(subject.name)?.push(measured);
    }
  }
  return standings;
}

async function measureOnce(part: Part, subject: Subject, calls: number): Promise<Measured> {
  using caller = callerOf(subject.url, part.atOnce);
  const call = await part.prepare({ subject, caller }, calls);
  await sleep(REST_MS);
  await using beside = await part.beside?.start(subject);
  const times = new Array<number>();
  const besides = new Array<number>();
  let next = 0;
  const before = processorMs(subject.pid);
  const began = performance.now();
  await Promise.all(
    Array.from({ length: part.atOnce }, async (_, place) => {
      for (let number = next++; number < calls; number = next++) {
        const asked = performance.now();
        await call(place, number);
        const answered = performance.now();
        times.push(answered - asked);
        if (beside === undefined) continue;
        await beside.once();
        besides.push(performance.now() - answered);
      }
    }),
  );
  const seconds = (performance.now() - began) / 1_000;
  const used = processorMs(subject.pid) - before;
  return { perSecond: calls / seconds, times, besides, processorMs: used / calls };
}

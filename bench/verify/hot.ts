/**
 * A token that was seen before, among 1,000, 10,000 and 100,000 others and with a million revocations
 * in force, beside the cache of fast-jwt, which knows of none; and what it takes to remember one.
 *
 * What is measured is memory more than anything else, and what others remember would be in its way: so
 * each contender has a process of its own, and as one process differs from the next, it is done again
 * in fresh ones.
 */
import { Disposal } from '@portcullis/service';
import { Worker } from '@portcullis/testbed';
import type { RunOptions } from '../benchmark.ts';
import { comparisonOf, medianRatio } from '../comparison.ts';
import { cost, inTurns, together, type Rounds, type Standing } from '../rounds.ts';
import { tableOf } from '../table.ts';
import {
  filled,
  HOT_CONTENDERS,
  type Filled,
  type HotContender,
  type HotSettings,
  type Memory,
} from './hot-settings.ts';

const DISTINCT = [1_000, 10_000, 100_000];
/** Of these many the target speaks. */
const AIMED_AT = 10_000;
const RIVAL = 'fast-jwt, cache';
const AIMS = [{ against: RIVAL, atLeast: 5 }];
/** Tokens that a verifier remembers by default. */
const REMEMBERED = 50_000;

interface Size extends Rounds {
  readonly starts: number;
  readonly revoked: number;
  readonly batch: number;
}

interface Start {
  readonly standings: readonly Standing[];
  readonly memories: ReadonlyMap<HotContender, Filled>;
}

export async function benchHot({ short }: RunOptions): Promise<void> {
  const size: Size = short
    ? { starts: 1, revoked: 20_000, batch: 500, warmUps: 1, rounds: 5 }
    : { starts: 2, revoked: 1_000_000, batch: 100_000, warmUps: 2, rounds: 10 };
  for (const tokens of short ? [200] : DISTINCT) await compare(tokens, size);
}

async function compare(tokens: number, size: Size): Promise<void> {
  const { starts: count, rounds, batch, revoked } = size;
  const starts: Start[] = [];
  while (starts.length < count) starts.push(await measureOnce(tokens, size));
  console.log(
    `\n  ${tokens.toLocaleString('en')} distinct tokens, each seen before; median of ` +
      `${count} starts of ${rounds} rounds of ${batch.toLocaleString('en')}, ` +
      `${revoked.toLocaleString('en')} revocations in force`,
  );
  const all = starts.map(({ standings }) => standings);
  console.log(comparisonOf(together(all), tokens === AIMED_AT ? AIMS : []));
  const each = all.map((standings) => medianRatio(standings, RIVAL).toFixed(2));
  console.log(`  beside "${RIVAL}", start by start: ${each.join('  ')}`);
  const [first] = starts;
  const ours = first?.memories.get('portcullis');
  const theirs = first?.memories.get(RIVAL);
  if (ours !== undefined && theirs !== undefined) console.log(memoryOf(ours, theirs));
}

/** Processes that remember tokens, verify them in turns, and end. */
async function measureOnce(tokens: number, size: Size): Promise<Start> {
  const { revoked, batch } = size;
  const memories = new Map<HotContender, Filled>();
  const contenders: { name: HotContender; worker: Worker }[] = [];
  await using processes = new Disposal();
  for (const name of HOT_CONTENDERS) {
    const settings: HotSettings = { contender: name, tokens, revoked, batch };
    const entry = 'bench/verify/hot-process.ts';
    const worker = processes.use(
      await Worker.start({ entry, settings, execArgv: ['--expose-gc'] }),
    );
    memories.set(name, filled.parse(await worker.ask('fill')));
    contenders.push({ name, worker });
  }
  const standings = await inTurns(contenders, size, async ({ worker }) =>
    cost.parse(await worker.ask('verify')),
  );
  return { standings, memories };
}

function memoryOf(ours: Filled, theirs: Filled): string {
  const figure = (own: Memory, other: Memory) => ({
    name: `to remember a token of ${own.characters.toFixed(0)} characters`,
    unit: 'B',
    ours: own.bytes,
    theirs: [other.bytes],
  });
  const figures = [figure(ours.memory, theirs.memory), figure(ours.longest, theirs.longest)];
  const megabytes = ({ bytes }: Memory) => `${((bytes * REMEMBERED) / 1e6).toFixed(0)} MB`;
  return (
    `${tableOf(['portcullis', RIVAL], figures)}\n` +
    `  the bound, ${REMEMBERED.toLocaleString('en')} tokens unless told otherwise: ` +
    `${megabytes(ours.memory)}; were all of them so long: ${megabytes(ours.longest)}`
  );
}

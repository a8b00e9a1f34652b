/**
 * What it costs to sign an access token, which every login and every refresh does: as auth signs, and by
 * jose's `SignJWT`. Each has a process of its own, and all of it is done again in fresh ones.
 */
import { Disposal } from '@portcullis/service';
import { Worker } from '@portcullis/testbed';
import type { RunOptions } from '../benchmark.ts';
import { comparisonOf } from '../comparison.ts';
import { cost, inTurns, together, type Rounds, type Standing } from '../rounds.ts';

const ALGORITHMS = ['ES256', 'EdDSA', 'RS256'] as const;
type Algorithm = (typeof ALGORITHMS)[number];

const CONTENDERS = [
  { name: 'node:crypto, as auth signs', by: 'auth' },
  // What differs from 1.00 is noise.
  { name: 'node:crypto, once more', by: 'auth' },
  { name: 'SignJWT of jose', by: 'jose' },
] as const;

/** One after the other, and as many as an instance has under way when it is busy. */
const AT_ONCE = [1, 16];

interface Size extends Rounds {
  readonly starts: number;
  /** Tokens a round; RS256 takes far longer for each. */
  readonly batch: Readonly<Record<Algorithm, number>>;
}

export async function benchSign({ short, alg }: RunOptions): Promise<void> {
  const size: Size = short
    ? { starts: 1, batch: { ES256: 64, EdDSA: 64, RS256: 16 }, warmUps: 1, rounds: 4 }
    : { starts: 3, batch: { ES256: 200, EdDSA: 200, RS256: 16 }, warmUps: 20, rounds: 40 };
  for (const one of ALGORITHMS) {
    if ((alg ?? one) !== one) continue;
    for (const atOnce of AT_ONCE) await compare(one, atOnce, size);
  }
}

async function compare(alg: Algorithm, atOnce: number, size: Size): Promise<void> {
  const all: Standing[][] = [];
  while (all.length < size.starts) all.push(await measureOnce(alg, atOnce, size));
  console.log(
    `\n  ${alg}: a token is signed, ${atOnce} at a time; median of ${size.starts} starts of ` +
      `${size.rounds} rounds of ${size.batch[alg]}`,
  );
  console.log(comparisonOf(together(all)));
}

async function measureOnce(
  alg: Algorithm,
  atOnce: number,
  { batch, ...rounds }: Size,
): Promise<Standing[]> {
  await using processes = new Disposal();
  const contenders: { name: string; worker: Worker }[] = [];
  for (const { name, by } of CONTENDERS) {
    const entry = 'apps/auth/bench/signing-process.ts';
    const settings = { by, alg, atOnce, batch: batch[alg] };
    contenders.push({ name, worker: processes.use(await Worker.start({ entry, settings })) });
  }
  return await inTurns(contenders, rounds, async ({ worker }) =>
    cost.parse(await worker.ask('sign')),
  );
}

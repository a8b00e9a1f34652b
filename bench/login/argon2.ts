/**
 * What it costs to check a password, by either of two implementations of argon2id: `@node-rs/argon2`, in
 * Rust, which auth hashes with, and `argon2`, the reference in C. One at a time, with what auth has by
 * default. Each has a process of its own, and all of it is done again in fresh ones.
 */
import { Disposal } from '@portcullis/service';
import { Worker } from '@portcullis/testbed';
import type { RunOptions } from '../benchmark.ts';
import { comparisonOf } from '../comparison.ts';
import { cost, inTurns, together, type Rounds, type Standing } from '../rounds.ts';
import type { Argon2Settings } from './argon2-settings.ts';

const CONTENDERS: readonly { name: string; by: Argon2Settings['by'] }[] = [
  { name: '@node-rs/argon2', by: '@node-rs/argon2' },
  // What differs from 1.00 is noise.
  { name: '@node-rs/argon2, once more', by: '@node-rs/argon2' },
  { name: 'argon2', by: 'argon2' },
];
/** `PORTCULLIS_ARGON2` as it is unless set. */
const PARAMETERS = { memoryCost: 65_536, timeCost: 3, parallelism: 1 };

interface Size extends Rounds {
  readonly starts: number;
  readonly batch: number;
}

export async function benchArgon2({ short }: RunOptions): Promise<void> {
  const size: Size = short
    ? { starts: 1, batch: 1, warmUps: 1, rounds: 3 }
    : { starts: 3, batch: 2, warmUps: 2, rounds: 12 };
  const all: Standing[][] = [];
  while (all.length < size.starts) all.push(await measureOnce(size));
  const { memoryCost, timeCost, parallelism } = PARAMETERS;
  console.log(
    `\n  m=${memoryCost},t=${timeCost},p=${parallelism}: a password is checked; median of ` +
      `${size.starts} starts of ${size.rounds} rounds of ${size.batch}`,
  );
  console.log(comparisonOf(together(all)));
}

async function measureOnce({ batch, ...rounds }: Size): Promise<Standing[]> {
  await using processes = new Disposal();
  const contenders: { name: string; worker: Worker }[] = [];
  for (const { name, by } of CONTENDERS) {
    const settings: Argon2Settings = { by, batch, parameters: PARAMETERS };
    const entry = 'bench/login/argon2-process.ts';
    contenders.push({ name, worker: processes.use(await Worker.start({ entry, settings })) });
  }
  return await inTurns(contenders, rounds, async ({ worker }) =>
    cost.parse(await worker.ask('verify')),
  );
}

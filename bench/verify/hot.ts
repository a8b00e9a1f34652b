/**
 * A token that was seen before, among 1,000, 10,000 and 100,000 others and with a million revocations
 * in force, beside the cache of fast-jwt, which knows of none; and what it takes to remember one.
 */
import { Worker } from '@portcullis/testkit';
import type { RunOptions } from '../catalogue.ts';
import { comparisonOf } from '../comparison.ts';
import { tableOf } from '../table.ts';
import { hotResult, type HotResult, type HotSettings } from './hot-settings.ts';

const DISTINCT = [1_000, 10_000, 100_000];
/** Of these many the target speaks. */
const AIMED_AT = 10_000;
const AIMS = [{ against: 'fast-jwt, cache', atLeast: 5 }];
/** Tokens that a verifier remembers unless told otherwise. */
const REMEMBERED = 50_000;

export async function benchHot({ short }: RunOptions): Promise<void> {
  const size = short
    ? { revoked: 20_000, batch: 500, warmUps: 2, rounds: 5 }
    : { revoked: 1_000_000, batch: 5_000, warmUps: 10, rounds: 50 };
  for (const tokens of short ? [200] : DISTINCT) {
    const settings: HotSettings = { tokens, ...size };
    await using worker = await Worker.start({
      entry: 'bench/verify/hot-process.ts',
      settings,
      execArgv: ['--expose-gc'],
    });
    const { standings, ...memory } = hotResult.parse(await worker.ask('measure'));
    console.log(
      `\n  ${tokens.toLocaleString('en')} distinct tokens, each seen before; median of ` +
        `${size.rounds} rounds of ${size.batch}, ${size.revoked.toLocaleString('en')} revocations in force`,
    );
    console.log(comparisonOf(standings, tokens === AIMED_AT ? AIMS : []));
    console.log(memoryOf(memory));
  }
}

function memoryOf({ memory, longest }: Pick<HotResult, 'memory' | 'longest'>): string {
  const figure = ({ characters, ours, fastJwt }: HotResult['memory']) => ({
    name: `to remember a token of ${characters.toFixed(0)} characters`,
    unit: 'B',
    ours,
    theirs: [fastJwt],
  });
  const megabytes = (bytes: number) => `${((bytes * REMEMBERED) / 1e6).toFixed(0)} MB`;
  return (
    `${tableOf(['portcullis', 'fast-jwt, cache'], [figure(memory), figure(longest)])}\n` +
    `  the bound, ${REMEMBERED.toLocaleString('en')} tokens unless told otherwise: ` +
    `${megabytes(memory.ours)}; were all of them so long: ${megabytes(longest.ours)}`
  );
}

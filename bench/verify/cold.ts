/**
 * A token that was never seen: form, claims, key, signature, and then freshness, expiry and a million
 * revocations, beside the signature by itself and the libraries that check no revocation.
 */
import { Worker } from '@portcullis/testkit';
import { z } from 'zod';
import type { RunOptions } from '../catalogue.ts';
import { comparisonOf } from '../comparison.ts';
import { standing } from '../rounds.ts';
import type { ColdSettings } from './cold-settings.ts';

const ALGORITHMS = ['ES256', 'RS256', 'EdDSA'] as const;
const AIMS = [
  { against: 'node:crypto, raw', atLeast: 0.8 },
  { against: 'jose', atLeast: 2 },
];

export async function benchCold({ short }: RunOptions): Promise<void> {
  const size = short
    ? { revoked: 20_000, batch: 20, warmUps: 1, rounds: 4 }
    : { revoked: 1_000_000, batch: 100, warmUps: 30, rounds: 40 };
  for (const alg of ALGORITHMS) {
    const settings: ColdSettings = { alg, ...size };
    await using worker = await Worker.start({ entry: 'bench/verify/cold-process.ts', settings });
    const standings = z.array(standing).parse(await worker.ask('measure'));
    console.log(
      `\n  ${alg}: a token, never seen; median of ${size.rounds} rounds of ${size.batch}, ` +
        `${size.revoked.toLocaleString('en')} revocations in force`,
    );
    console.log(comparisonOf(standings, AIMS));
  }
}

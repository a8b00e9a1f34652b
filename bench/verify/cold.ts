/**
 * A token that was never seen: form, claims, key, signature, and then freshness, expiry and a million
 * revocations, beside the signature by itself and the libraries that check no revocation. Each contender
 * has a process of its own, and all of it is done again in fresh ones.
 */
import { Disposal } from '@portcullis/service';
import { Worker } from '@portcullis/testbed';
import type { RunOptions } from '../benchmark.ts';
import { comparisonOf, medianRatio, type Aim } from '../comparison.ts';
import { cost, inTurns, together, type Rounds, type Standing } from '../rounds.ts';
import {
  coldContender,
  FORMER,
  OURS,
  OURS_AGAIN,
  RAW,
  type ColdContender,
  type ColdSettings,
} from './cold-settings.ts';

const ALGORITHMS = ['ES256', 'RS256', 'EdDSA'] as const;
type Algorithm = (typeof ALGORITHMS)[number];
/** Of raw `node:crypto`. */
const OF_RAW: Record<Algorithm, number> = { ES256: 0.85, RS256: 0.75, EdDSA: 0.85 };
/**
 * V8 goes on compiling for some 5,000 tokens: RS256 took 37.9 µs in the first 2,500, 31.0 in the next, and
 * 28 to 30 in each 2,500 of the 30,000 after, where raw `node:crypto` stayed at 22 to 24. A service is past
 * that in its first minute.
 */
const WARM_UPS = 150;
/** What a verifier is prepared with that is not measured as one: as little as can be. */
const FEW_REVOKED = 1_000;

interface Size extends Rounds {
  readonly starts: number;
  readonly revoked: number;
  readonly batch: number;
}

export async function benchCold({ short, alg, checkout }: RunOptions): Promise<void> {
  const size: Size = short
    ? { starts: 1, revoked: 20_000, batch: 20, warmUps: 1, rounds: 4 }
    : { starts: 3, revoked: 1_000_000, batch: 50, warmUps: WARM_UPS, rounds: 100 };
  for (const one of ALGORITHMS) if ((alg ?? one) === one) await compare(one, size, checkout);
}

async function compare(alg: Algorithm, size: Size, checkout: string | undefined): Promise<void> {
  const all: Standing[][] = [];
  while (all.length < size.starts) all.push(await measureOnce(alg, size, checkout));
  console.log(
    `\n  ${alg}: a token, never seen; median of ${size.starts} starts of ${size.rounds} rounds of ` +
      `${size.batch}, ${size.revoked.toLocaleString('en')} revocations in force`,
  );
  console.log(comparisonOf(together(all), aimsFor(alg)));
  const named = [RAW, OURS_AGAIN, ...(checkout === undefined ? [] : [FORMER])];
  for (const rival of named) {
    const each = all.map((standings) => medianRatio(standings, rival).toFixed(2));
    console.log(`  beside "${rival}", start by start: ${each.join('  ')}`);
  }
}

function aimsFor(alg: Algorithm): Aim[] {
  return [
    { against: RAW, atLeast: OF_RAW[alg] },
    { against: 'jose', atLeast: 2 },
    // Where OpenSSL takes longer for R and S as they are, as of Node 24.21.
    ...(alg === 'ES256' && process.versions.openssl.startsWith('3.5.8')
      ? [{ against: FORMER, atLeast: 1.35 }]
      : []),
  ];
}

async function measureOnce(
  alg: Algorithm,
  { revoked, batch, warmUps, rounds }: Size,
  checkout: string | undefined,
): Promise<Standing[]> {
  await using processes = new Disposal();
  const contenders: { name: ColdContender; worker: Worker }[] = [];
  for (const name of coldContender.options) {
    if (name === FORMER && checkout === undefined) continue;
    if (name === 'jsonwebtoken' && alg === 'EdDSA') continue;
    const settings: ColdSettings = {
      contender: name,
      alg,
      revoked: name.startsWith(OURS) ? revoked : FEW_REVOKED,
      batch,
      rounds: warmUps + rounds,
      ...(name === FORMER ? { checkout } : {}),
    };
    const entry = 'bench/verify/cold-process.ts';
    contenders.push({ name, worker: processes.use(await Worker.start({ entry, settings })) });
  }
  return await inTurns(contenders, { warmUps, rounds }, async ({ worker }) =>
    cost.parse(await worker.ask('verify')),
  );
}

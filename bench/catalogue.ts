import type { Benchmark } from './benchmark.ts';
import { benchArgon2 } from './login/argon2.ts';
import { benchLoginLoad } from './login/load.ts';
import { benchColdStart } from './revocation/cold-start.ts';
import { benchLedger } from './revocation/ledger.ts';
import { benchPush } from './revocation/push.ts';
import { benchReceipts } from './revocation/receipts.ts';
import { benchSign } from './token/sign.ts';
import { benchCall } from './verify/call.ts';
import { benchCold } from './verify/cold.ts';
import { benchHot } from './verify/hot.ts';

export const BENCHMARKS: readonly Benchmark[] = [
  { name: 'revocation/push', about: 'from a commit to its effect elsewhere', run: benchPush },
  { name: 'revocation/receipt', about: 'from a logout to its receipt', run: benchReceipts },
  { name: 'revocation/ledger', about: 'memory, look-ups and pauses', run: benchLedger },
  { name: 'revocation/start', about: 'a verifier starts, far behind', run: benchColdStart },
  { name: 'login/load', about: 'more logins than there are cores for', run: benchLoginLoad },
  { name: 'login/argon2', about: 'a password, by two implementations', run: benchArgon2 },
  { name: 'token/sign', about: 'an access token, signed in two ways', run: benchSign },
  { name: 'verify/cold', about: 'a token that was never seen', run: benchCold },
  { name: 'verify/hot', about: 'a token that was seen before', run: benchHot },
  { name: 'verify/call', about: 'a protected call beside an open one', run: benchCall },
];

/** @returns the benchmark of that name, or those of that family */
export function benchmarksNamed(word: string): readonly Benchmark[] {
  return BENCHMARKS.filter(({ name }) => name === word || name.startsWith(`${word}/`));
}

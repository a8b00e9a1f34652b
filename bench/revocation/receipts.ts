/**
 * From a request to log out to its receipt, with every verifier confirmed; and beside it, in turns,
 * one row inserted and committed over a connection of its own.
 *
 * The receipt is what a client sees: HTTP, the check of the token, the transaction, the push, three
 * processes that apply and acknowledge it, and the answer.
 */
import { receipt } from '@portcullis/contracts/schemas';
import { startAuth, Worker, type AuthProcess } from '@portcullis/testbed';
import postgres from 'postgres';
import type { RunOptions } from '../benchmark.ts';
import { quantile, shuffled } from '../distribution.ts';
import { tableOf } from '../table.ts';
import { createLoadUsers, type LoadUsers } from './load-users.ts';
import { createStage, type Stage } from './stage.ts';
import type { VerifyingSettings } from './verifying-questions.ts';

const VERIFIERS = 3;
const ROUNDS = 400;
const WARM_UP = 50;
const WAIT_MS = 10_000;

export async function benchReceipts({ short }: RunOptions): Promise<void> {
  const rounds = short ? 20 : ROUNDS;
  await using stage = await createStage();
  const auth = await startAuth(stage.bed, { NATS_URL: stage.natsUrl, LOG_LEVEL: 'warn' });
  for (let n = 0; n < VERIFIERS; n += 1) stage.bed.use(await startVerifier(stage, auth));
  const sql = postgres(stage.bed.databaseUrls.auth, { max: 1 });
  stage.bed.use({ [Symbol.asyncDispose]: async () => await sql.end() });
  await sql`create table bench_commits (id bigint primary key)`;

  const users = await createLoadUsers(auth.url);
  const times = { receipt: new Array<number>(), commit: new Array<number>() };
  for (let round = -WARM_UP; round < rounds; round += 1) {
    const token = await users.logIn();
    for (const what of shuffled(['receipt', 'commit'] as const)) {
      const began = performance.now();
      if (what === 'receipt') await logOut(users, token);
      else await sql`insert into bench_commits values (${round})`;
      if (round >= 0) times[what].push(performance.now() - began);
    }
  }
  const figure = (name: string, part: number) => ({
    name,
    unit: 'ms',
    ours: quantile(times.receipt, part),
    theirs: [quantile(times.commit, part)],
  });
  console.log(
    `\n  from a logout to its receipt, ${VERIFIERS} of ${VERIFIERS} confirmed, ${rounds}`,
  );
  console.log(tableOf(['receipt', 'bare commit'], [figure('p50', 0.5), figure('p99', 0.99)]));
}

async function startVerifier(stage: Stage, auth: AuthProcess): Promise<Worker> {
  const settings: VerifyingSettings = {
    issuer: auth.issuer,
    audience: 'urn:portcullis:user',
    service: 'bench',
    prefix: stage.bed.prefix,
    natsUrl: stage.natsUrl,
    redisUrl: stage.redisUrl,
  };
  return await Worker.start({ entry: 'bench/revocation/verifying-process.ts', settings });
}

/** @throws Error for a receipt that not every verifier has confirmed: it is no figure of this kind */
async function logOut(users: LoadUsers, token: string): Promise<void> {
  const answer = await users.post(`/v1/logout?wait=${WAIT_MS}`, {}, token);
  const { confirmed, expected } = receipt.parse(answer);
  if (confirmed === VERIFIERS && expected === VERIFIERS) return;
  throw new Error(`confirmed by ${confirmed} of ${expected} verifiers, not ${VERIFIERS}`);
}

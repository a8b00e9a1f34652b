/**
 * Whether the clock, or the answer, reveals which addresses have an account.
 *
 * Pairs of a known and an unknown address, in random order within each pair, one request after the
 * other on one connection; then a Mann–Whitney test of the two samples; all of it several times. If
 * the times come from one distribution, p is spread evenly between 0 and 1.
 */
import { writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect, parseArgs } from 'node:util';
import { appDatabase, createTestBed, startAuth } from '@portcullis/testbed';
import { seededRandom } from '@portcullis/testkit';
import { mannWhitney } from './mann-whitney.ts';
import { OPERATIONS, PASSWORD, type Operation } from './operations.ts';

/** Below this in the median of its rounds, an operation reveals known addresses. */
const TELLS = 0.01;
const WARM_UP = 20;

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '500' },
    rounds: { type: 'string', default: '5' },
    list: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const pairs = Number(values.pairs);
const rounds = Number(values.rounds);
const { only } = values;
const random = seededRandom(Number(values.seed));
/** At once, before all that this process still has to do. */
const complain = (line: string): void => void writeSync(2, `${line}\n`);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** How long a process that is ending may take to be gone, in milliseconds. */
const ENDS_MS = 1_000;
/** Longer than any answer takes, in milliseconds: beyond it, it does not come. */
const NO_ANSWER_MS = 60_000;

let serial = 0;
const fresh = (): string => `user-${Math.floor(random() * 1e9)}-${(serial += 1)}@example.test`;

// However this process ends before it has reported all, also without an error: it does not end as if
// well.
let done = false;
process.once('exit', (status) => {
  if (done) return;
  complain(`timing: ended before it was done, with status ${status}`);
  process.exitCode = status === 0 ? 1 : status;
});
process.exitCode = await (values.list ? list() : run()).catch((error: unknown) => {
  complain(`timing: failed: ${inspect(error)}`);
  return 1;
});
done = true;

/** The operations, each with what it asks. */
async function list(): Promise<number> {
  for (const { name, path } of OPERATIONS) say(`  ${name.padEnd(24)}${path}`);
  return 0;
}

/** @returns the exit status: 1 when an operation reveals known addresses */
async function run(): Promise<number> {
  await using bed = await createTestBed({ databases: { auth: appDatabase('auth') } });
  const mails = await mkdtemp(join(tmpdir(), 'portcullis-timing-'));
  try {
    const auth = await startAuth(bed, { LOG_LEVEL: 'error', PORTCULLIS_MAIL_FOLDER: mails });
    try {
      return await measure(auth.url);
    } catch (error) {
      const ended = await Promise.race([auth.process.exited, sleep(ENDS_MS, undefined)]);
      const state = ended === undefined ? 'runs' : `has ended with ${ended}`;
      complain(`timing: auth ${state}, and has logged:\n${auth.log}`);
      throw error;
    } finally {
      await auth.stop();
    }
  } finally {
    await rm(mails, { recursive: true });
  }
}

async function measure(url: string): Promise<number> {
  const chosen = OPERATIONS.filter(({ name }) => only.length === 0 || only.includes(name));
  if (chosen.length === 0) throw new Error(`not an operation: ${only.join(', ')}`);
  say(
    `seed ${values.seed}; ${pairs} pairs, ${rounds} rounds of ${chosen.map(({ name }) => name).join(', ')}`,
  );
  const known = Array.from({ length: pairs }, fresh);
  const register = {
    name: 'the accounts that are known',
    path: '/v1/register',
    status: 201,
    body: (email: string) => ({ email, password: PASSWORD }),
  };
  for (const email of known) await ask(url, register, email);
  let differing = 0;
  for (const operation of chosen) {
    for (let i = 0; i < WARM_UP; i += 1) await ask(url, operation, fresh());
    const ps: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const { p, medians } = await compare(url, operation, known);
      ps.push(p);
      say(
        `${operation.name.padEnd(9)} round ${round + 1}: p = ${p.toFixed(4)}; median ms known ` +
          `${medians.known.toFixed(3)}, unknown ${medians.unknown.toFixed(3)}`,
      );
    }
    const middle = median(ps);
    const tells = middle < TELLS;
    say(
      `${operation.name.padEnd(9)} ${tells ? 'TELLS' : 'tells nothing'}; median p ${middle.toFixed(4)}`,
    );
    if (tells) differing += 1;
  }
  say(differing === 0 ? 'done: nothing tells' : `done: ${differing} tell`);
  return differing === 0 ? 0 : 1;
}

async function compare(url: string, operation: Operation, known: readonly string[]) {
  const times = { known: [] as number[], unknown: [] as number[] };
  for (const email of known) {
    const one = { known: email, unknown: fresh() };
    const order =
      random() < 0.5 ? (['known', 'unknown'] as const) : (['unknown', 'known'] as const);
    const answers: string[] = [];
    for (const kind of order) {
      const { milliseconds, answer } = await ask(url, operation, one[kind]);
      times[kind].push(milliseconds);
      answers.push(answer);
    }
    if (answers[0] !== answers[1]) throw new Error(`${operation.name}: ${answers.join(' and ')}`);
  }
  return {
    p: mannWhitney(times.known, times.unknown),
    medians: { known: median(times.known), unknown: median(times.unknown) },
  };
}

/** @returns the answer without what is of this one request */
async function ask(url: string, operation: Operation, email: string) {
  const started = performance.now();
  const response = await fetch(url + operation.path, {
    method: 'POST',
    signal: AbortSignal.timeout(NO_ANSWER_MS),
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(operation.body(email)),
  });
  const text = await response.text();
  const milliseconds = performance.now() - started;
  if (response.status !== operation.status)
    throw new Error(`${operation.name}: ${response.status} ${text}`);
  const own = new Set(['date', 'x-request-id']);
  const headers = [...response.headers].filter(([name]) => !own.has(name));
  const body = text.replace(/"request_id":"[^"]*"/, '');
  return { milliseconds, answer: JSON.stringify([response.status, headers, body]) };
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle) - 1] ?? 0)) / 2;
}

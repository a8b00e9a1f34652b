/** More logins than the machine can do: refused early, and nothing else waits. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PASSWORD, startAuthSystem, type AuthInstance, type AuthSystem } from '../auth-system.ts';

let system: AuthSystem;
let auth: AuthInstance;

beforeAll(async () => {
  system = await startAuthSystem();
  auth = system.auth;
}, 120_000);

afterAll(async () => {
  await system.bed.dispose();
});

/** What each hash that runs takes, and 300 requests and their clients. */
const MOST_MIB = 300;

function spreadOf(times: number[]) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0);
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}

it('answers every one of 300 logins at once, the excess with 503 and Retry-After', async () => {
  // Somebody else, whose session is not the one that makes room for the fifty-first of another.
  const [user, crowd] = [await auth.newcomer(), await auth.newcomer()];
  const logins = Array.from({ length: 300 }, () =>
    auth.call('POST', '/v1/login', { body: { email: crowd.email, password: PASSWORD } }),
  );
  let done = false;
  const finished = Promise.all(logins).finally(() => {
    done = true;
  });
  const waits: number[] = [];
  const health: number[] = [];
  const before = process.memoryUsage().rss;
  let most = before;
  const stillBusy = () => !done;
  while (stillBusy()) {
    const started = performance.now();
    expect(await auth.accepts(user.access_token)).toBe(true);
    waits.push(performance.now() - started);
    const asked = performance.now();
    expect((await auth.call('GET', '/healthz')).status).toBe(200);
    health.push(performance.now() - asked);
    most = Math.max(most, process.memoryUsage().rss);
  }
  const answers = await finished;
  const count = (status: number) => answers.filter((one) => one.status === status).length;
  expect(count(200) + count(503)).toBe(300);
  expect(count(200)).toBeGreaterThan(50);
  for (const { status, headers } of answers) {
    if (status === 503) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  }
  // The clients are in this process as well: an upper bound of what the service takes.
  const grown = (most - before) / 2 ** 20;
  expect(grown).toBeLessThan(MOST_MIB);
  console.log('meanwhile, ms:', {
    verification: spreadOf(waits),
    health: spreadOf(health),
    'more memory, MiB': Math.round(grown),
    succeeded: count(200),
  });
}, 180_000);

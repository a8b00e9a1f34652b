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

it('answers every one of 300 logins at once, the excess with 503 and Retry-After', async () => {
  const person = await auth.newcomer();
  const logins = Array.from({ length: 300 }, () =>
    auth.call('POST', '/v1/login', { body: { email: person.email, password: PASSWORD } }),
  );
  let done = false;
  const finished = Promise.all(logins).finally(() => {
    done = true;
  });
  const waits: number[] = [];
  const stillBusy = () => !done;
  while (stillBusy()) {
    const started = performance.now();
    expect(await auth.accepts(person.access_token)).toBe(true);
    waits.push(performance.now() - started);
  }
  const answers = await finished;
  const count = (status: number) => answers.filter((one) => one.status === status).length;
  expect(count(200) + count(503)).toBe(300);
  expect(count(200)).toBeGreaterThan(50);
  for (const { status, headers } of answers) {
    if (status === 503) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  }
  waits.sort((a, b) => a - b);
  console.log('checks meanwhile, ms:', {
    count: waits.length,
    p50: Math.round(waits[Math.floor(waits.length / 2)] ?? 0),
    max: Math.round(waits.at(-1) ?? 0),
    succeeded: count(200),
  });
}, 180_000);

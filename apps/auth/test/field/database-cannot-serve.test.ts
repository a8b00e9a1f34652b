/** A database that is up and cannot serve is a part that is away: 503, and it passes. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  PASSWORD,
  startAuthSystem,
  type Answer,
  type AuthInstance,
  type AuthSystem,
} from '../auth-system.ts';

let system: AuthSystem;
let auth: AuthInstance;
let name: string;
const role = `pc_field_${randomBytes(6).toString('hex')}`;

beforeAll(async () => {
  system = await startAuthSystem({ instances: 0 });
  name = new URL(system.bed.databaseUrls.auth).pathname.slice(1);
  await system.sql.unsafe(`
    create role ${role} login password 'right';
    grant all on schema public, drizzle to ${role};
    grant all on all tables in schema public, drizzle to ${role};
    grant all on all sequences in schema public, drizzle to ${role}`);
  const url = new URL(system.bed.databaseUrls.auth);
  url.username = role;
  url.password = 'right';
  auth = await system.start({ DATABASE_URL: url.href });
}, 120_000);

afterAll(async () => {
  await system.sql.unsafe(`drop owned by ${role}; drop role ${role}`);
  await system.bed.dispose();
});

/** Ends the connections of the service, and waits for their end; the next ones meet what was changed. */
async function endConnections(): Promise<void> {
  await system.sql`select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = ${role}`;
}

async function untilReady(): Promise<void> {
  const deadline = performance.now() + 15_000;
  while ((await auth.call('GET', '/readyz')).status !== 200) {
    if (performance.now() > deadline) throw new Error('it did not become ready again');
    await sleep(50);
  }
}

/** What needs the database: a login, a refresh and a logout. */
async function tryAll(user: Awaited<ReturnType<AuthInstance['newcomer']>>): Promise<Answer[]> {
  return await Promise.all([
    auth.call('POST', '/v1/login', { body: { email: user.email, password: PASSWORD } }),
    auth.refresh(user.refresh_token),
    auth.call('POST', '/v1/logout', { token: user.access_token }),
  ]);
}

async function expectServed(user: Awaited<ReturnType<AuthInstance['newcomer']>>): Promise<void> {
  expect((await auth.refresh(user.refresh_token)).status).toBe(200);
  expect(await auth.logIn(user.email)).toBeDefined();
  expect((await auth.call('POST', '/v1/logout', { token: user.access_token })).status).toBe(200);
}

/** What was changed is as before again at the end, whatever was seen meanwhile. */
async function during(change: string, back: string, work: () => Promise<void>): Promise<void> {
  await system.sql.unsafe(change);
  await endConnections();
  await sleep(100); // they are ended a moment later
  try {
    await work();
  } finally {
    await system.sql.unsafe(back);
    await endConnections();
    await sleep(100);
  }
}

function expectUnavailable(answers: readonly Answer[]): void {
  expect(answers.map(({ status, body }) => [status, body.code])).toEqual(
    answers.map(() => [503, 'unavailable']),
  );
  for (const { headers } of answers) {
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  }
}

it('V5: a database that has become read-only is 503 and not ready, and passes', async () => {
  const user = await auth.newcomer();
  const change = `alter database ${name} set default_transaction_read_only = on`;
  const back = `alter database ${name} reset default_transaction_read_only`;
  await during(change, back, async () => {
    expectUnavailable(await tryAll(user));
    expect((await auth.call('GET', '/readyz')).status).toBe(503);
  });
  await untilReady();
  await expectServed(user);
}, 60_000);

it('V5: a database that refuses the service is 503, and passes', async () => {
  const user = await auth.newcomer();
  const change = `alter role ${role} password 'other'`;
  await during(change, `alter role ${role} password 'right'`, async () => {
    expectUnavailable(await tryAll(user));
    expect((await auth.call('GET', '/readyz')).status).toBe(503);
  });
  await untilReady();
  await expectServed(user);
}, 60_000);

it('V5: connections that have become read-only are replaced', async () => {
  const user = await auth.newcomer();
  await system.sql.unsafe(`alter database ${name} set default_transaction_read_only = on`);
  await endConnections();
  await sleep(100);
  // Reading goes on, over as many connections as there may be; each of them stays read-only.
  const reads = Array.from({ length: 60 }, () => auth.accepts(user.access_token));
  expect(new Set(await Promise.all(reads))).toEqual(new Set([true]));
  await system.sql.unsafe(`alter database ${name} reset default_transaction_read_only`);
  const token = user.access_token;
  const logOut = async () => (await auth.call('POST', '/v1/logout', { token })).status;
  await expect.poll(logOut, { timeout: 5_000 }).toBe(200);
}, 60_000);

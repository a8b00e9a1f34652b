/** A release is migrated under the one before it; and nothing is served on a schema that lacks columns. */
import { freePort, run, SOURCE_RUNNER } from '@portcullis/testbed';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PASSWORD, startAuthSystem, type AuthInstance, type AuthSystem } from '../auth-system.ts';

/** `0005_session_expiry` and `0006_session_bound_by`, as the list of migrations knows them. */
const SESSION_EXPIRY = 1_795_822_562_648;
const SESSION_BOUND_BY = 1_795_823_723_927;

let system: AuthSystem;

beforeAll(async () => {
  system = await startAuthSystem({ instances: 0 });
}, 120_000);

afterAll(async () => {
  await system.bed.dispose();
});

async function undo(...moments: number[]): Promise<void> {
  if (moments.includes(SESSION_EXPIRY)) await system.sql`drop index if exists sessions_expiry`;
  if (moments.includes(SESSION_BOUND_BY)) {
    await system.sql`alter table sessions drop column if exists bound_by_hash`;
  }
  await system.sql`
    delete from drizzle.__drizzle_migrations where created_at in ${system.sql(moments)}`;
}

/** @returns what the command says of its failure; undefined when it ended with 0 */
async function migrate(): Promise<string | undefined> {
  return await run({
    name: 'migrate',
    command: process.execPath,
    args: [...SOURCE_RUNNER, 'apps/auth/src/commands/migrate.ts'],
    env: { NODE_ENV: 'test', DATABASE_URL: system.bed.databaseUrls.auth },
  }).then(
    () => undefined,
    (error: unknown) => String(error),
  );
}

/** That something of the migration has a lock on the sessions, or waits for one. */
async function untilItIsThere(): Promise<void> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const found = await system.sql`
      select from pg_locks l join pg_stat_activity a using (pid)
      where a.application_name = 'portcullis-auth-migrate' and l.relation = 'sessions'::regclass`;
    if (found.length > 0) return;
    if (performance.now() > deadline) throw new Error('no migration came to the sessions');
    await sleep(10);
  }
}

async function aSession(): Promise<string> {
  await system.sql`insert into users (id) values ('usr_field') on conflict do nothing`;
  await system.sql`
    insert into sessions (id, user_id, client_id, refresh_hash, amr, idle_expires_at, expires_at)
    values ('ses_field', 'usr_field', 'cli_first-party', '', '{}', now(), now())
    on conflict do nothing`;
  return 'ses_field';
}

it('V6: migrations and a refresh that they meet do not deadlock', async () => {
  const session = await aSession();
  await undo(SESSION_EXPIRY, SESSION_BOUND_BY);
  let migrating: Promise<string | undefined> = Promise.resolve(undefined);
  // As a refresh of the release before: it locks its session, looks, and changes it.
  const refresh = await system.sql
    .begin(async (tx) => {
      await tx`select from sessions where id = ${session} for update`;
      migrating = migrate();
      await untilItIsThere();
      await sleep(300);
      await tx`update sessions set rotations = rotations + 1 where id = ${session}`;
    })
    .then(
      () => 'refreshed',
      (error: unknown) => String(error),
    );
  expect([refresh, await migrating]).toEqual(['refreshed', undefined]);
}, 60_000);

it('V6: a migration that has to wait keeps no request waiting', async () => {
  const auth = await system.start();
  const user = await auth.newcomer();
  const session = await aSession();
  await undo(SESSION_BOUND_BY);
  let migrating: Promise<string | undefined> = Promise.resolve(undefined);
  const answers: number[] = [];
  await system.sql.begin(async (tx) => {
    await tx`select from sessions where id = ${session} for update`;
    migrating = migrate();
    await untilItIsThere();
    for (let n = 0; n < 5; n += 1) {
      const body = { email: user.email, password: PASSWORD };
      answers.push((await auth.call('POST', '/v1/login', { body })).status);
    }
  });
  expect(answers).toEqual([200, 200, 200, 200, 200]);
  expect(await migrating).toBeUndefined();
}, 60_000);

it('V7: auth is not ready on a database that was not migrated, until it is', async () => {
  await undo(SESSION_BOUND_BY);
  const port = String(await freePort());
  const url = `http://127.0.0.1:${port}`;
  const starting = system.start({ PORT: port });
  const failed = starting.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(await statusesWithin(url, 2_000)).not.toContain(200);
  expect(await migrate()).toBeUndefined();
  await expect.poll(async () => await statusesWithin(url, 100)).toContain(200);
  expect(await failed).toBeUndefined();
  const auth = withUrl(await starting, url);
  const user = await auth.newcomer();
  expect((await auth.refresh(user.refresh_token)).status).toBe(200);
}, 60_000);

/** The helper takes the port that it chose itself. */
function withUrl(auth: AuthInstance, url: string): AuthInstance {
  return Object.assign(auth, { url });
}

/** What `/readyz` answers meanwhile, once there is anything that answers. */
async function statusesWithin(url: string, milliseconds: number): Promise<number[]> {
  const statuses: number[] = [];
  const deadline = performance.now() + 20_000;
  let end: number | undefined;
  while (performance.now() < (end ?? deadline)) {
    const status = await fetch(`${url}/readyz`).then(
      (answer) => answer.status,
      () => undefined,
    );
    if (status !== undefined) {
      statuses.push(status);
      end ??= performance.now() + milliseconds;
    }
    await sleep(20);
  }
  return statuses;
}

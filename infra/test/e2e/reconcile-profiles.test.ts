/** Profiles that missed events agree with auth again. */
import { ensureMachineClient, nodeWords, startSystem, type TestSystem } from '@portcullis/testbed';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runProgram } from '../run-program.ts';
import { get, logIn, register } from './calls.ts';

const CLIENT = {
  id: 'cli_reconcile',
  secret: 'a secret that is long enough for a machine',
} as const;

let system: TestSystem;
let sql: Sql;

beforeAll(async () => {
  system = await startSystem();
  sql = postgres(system.bed.databaseUrls.user, { max: 1, onnotice: () => undefined });
  const scope = 'users:read users:rename';
  await ensureMachineClient(system.auth, { ...CLIENT, name: 'reconcile', scope });
}, 120_000);
afterAll(async () => {
  await sql?.end();
  await system?.[Symbol.asyncDispose]();
});

async function reconcile(): Promise<string> {
  const args = nodeWords('apps/user/src/commands/reconcile-profiles.ts');
  const { status, stdout, stderr } = await runProgram(process.execPath, args, {
    limitMs: 60_000,
    cwd: new URL('../../..', import.meta.url).pathname,
    env: {
      PATH: process.env['PATH'],
      NODE_ENV: 'test',
      DATABASE_URL: system.bed.databaseUrls.user,
      PORTCULLIS_AUTH_URL: system.auth.url,
      PORTCULLIS_CLIENT_ID: CLIENT.id,
      PORTCULLIS_CLIENT_SECRET: CLIENT.secret,
    },
  });
  expect([status, stderr]).toEqual([0, '']);
  return stdout;
}

async function newcomer() {
  const account = await register(system.auth.url);
  const { access_token: token } = await logIn(system.auth.url, account);
  const me = async () =>
    (await (await get(`${system.user.url}/v1/me`, token)).json()) as Record<string, unknown>;
  await expect.poll(async () => (await me())['email']).toBe(account.email);
  return { ...account, token, me, id: String((await me())['id']) };
}

it('takes addresses from auth, gives it names changed at user alone, and leaves the rest', async () => {
  const [moved, renamed, right] = [await newcomer(), await newcomer(), await newcomer()];
  await sql`update profiles set email = 'old@example.test' where user_id = ${moved.id}`;
  await sql`update profiles set name = 'Grace' where user_id = ${renamed.id}`;
  await sql`
    insert into profiles (user_id, email, created_at)
    values ('usr_00000000000000000000000000', 'lost@example.test', now())`;

  const said = await reconcile();
  expect(said).toContain('user: 1 addresses and 1 names reconciled');
  expect(said).toContain('user: usr_00000000000000000000000000 has no account at auth');
  expect(await moved.me()).toMatchObject({ email: moved.email, name: 'Ada' });
  expect(await right.me()).toMatchObject({ email: right.email, name: 'Ada' });
  const exported = await get(`${system.auth.url}/v1/account/export`, renamed.token);
  expect(await exported.json()).toMatchObject({ account: { name: 'Grace' } });

  expect(await reconcile()).toContain('user: 0 addresses and 0 names reconciled');
});

it('goes on over pages that do not begin alike', async () => {
  // More than a page of accounts that have no profile, before one that needs repair.
  const auth = postgres(system.bed.databaseUrls.auth, { max: 1, onnotice: () => undefined });
  const last = await newcomer();
  await auth`
    insert into users (id, email, email_key, name)
    select 'usr_0000000000000000000000' || lpad(n::text, 4, '0'), n || '@example.test',
      n || '@example.test', null
    from generate_series(1, 250) n`;
  await auth.end();
  await sql`update profiles set email = 'old@example.test' where user_id = ${last.id}`;
  expect(await reconcile()).toContain('user: 1 addresses and 0 names reconciled');
  expect(await last.me()).toMatchObject({ email: last.email });
}, 60_000);

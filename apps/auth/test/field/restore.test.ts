/** A backup is restored by the commands that this checkout documents, while the verifiers run on. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  repositoryRoot,
  run,
  SOURCE_RUNNER,
  startSystem,
  testServers,
  type TestSystem,
} from '@portcullis/testbed';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, it } from 'vitest';

/** S, in milliseconds. */
const S = 1_000;
const PASSWORD = 'a lighthouse behind seven hills';

let system: TestSystem;

beforeAll(async () => {
  system = await startSystem({ auth: { PORTCULLIS_MAX_STALENESS_MS: String(S) } });
}, 120_000);
afterAll(async () => await system.bed.dispose());

async function post(url: string, body: unknown, token?: string): Promise<Response> {
  return await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
}

async function logIn(email: string, password = PASSWORD): Promise<Record<string, string>> {
  const answer = await post(`${system.auth.url}/v1/login`, { email, password });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Record<string, string>;
}

async function register(email: string): Promise<Record<string, string>> {
  const answer = await post(`${system.auth.url}/v1/register`, {
    email,
    password: PASSWORD,
    name: 'Ada',
  });
  expect(answer.status).toBe(201);
  const tokens = await logIn(email);
  await expect.poll(async () => await shown(tokens)).toBe(200); // the profile has arrived
  return tokens;
}

/** What the user service, which has run all the while, answers to this token. */
async function shown({ access_token: token = '' }: Record<string, string>): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${system.user.url}/v1/me`, { headers });
  await answer.body?.cancel();
  return answer.status;
}

const kidOf = ({ access_token: token = '' }: Record<string, string>): string =>
  JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid;

/** Runs statements on the server, outside of every database of these tests. */
async function onServer(...statements: string[]): Promise<void> {
  const sql = postgres(testServers().postgresUrl, { max: 1, onnotice: () => undefined });
  try {
    for (const statement of statements) await sql.unsafe(statement);
  } finally {
    await sql.end();
  }
}

/** Stops auth, and starts it again on the database as it was before `since`, restored as documented. */
async function restoredAfter(since: () => Promise<void>): Promise<void> {
  const name = new URL(system.bed.databaseUrls.auth).pathname.slice(1);
  const backup = `${name}_backup`;
  await system.auth.stop();
  await onServer(`create database ${backup} template ${name}`);
  await system.auth.restart();
  await since();
  await system.auth.stop();
  await onServer(
    `drop database ${name} with (force)`,
    `create database ${name} template ${backup}`,
    `drop database ${backup}`,
  );
  const command = ['after-restore', 'change-epoch']
    .map((word) => `apps/auth/src/commands/${word}.ts`)
    .find((file) => existsSync(join(repositoryRoot, file)));
  await run({
    name: 'after the restore',
    command: process.execPath,
    args: [...SOURCE_RUNNER, command ?? ''],
    env: { NODE_ENV: 'test', ...system.auth.env },
  });
  await sleep(1.5 * S);
  await system.auth.restart();
}

it('V2: who was logged out everywhere after the backup logs in after the restore', async () => {
  const email = 'ada@example.test';
  const before = await register(email);
  await restoredAfter(async () => {
    const ended = await post(
      `${system.auth.url}/v1/logout-all?wait=2000`,
      {},
      before['access_token'],
    );
    expect(ended.status).toBe(200);
  });
  const again = await logIn(email);
  await expect.poll(async () => await shown(again), { timeout: 4_000 }).toBe(200);
  // And what had ended stays so.
  expect(await shown(before)).toBe(401);
  const body = { refresh_token: before['refresh_token'] };
  expect((await post(`${system.auth.url}/v1/refresh`, body)).status).toBe(401);
}, 120_000);

it('V3: a key that was killed after the backup signs nothing after the restore', async () => {
  const email = 'grace@example.test';
  const before = await register(email);
  const killed = kidOf(before);
  await restoredAfter(async () => {
    const { email: name, password } = system.administrator;
    const { access_token: token } = await logIn(name, password);
    const answer = await fetch(`${system.admin.url}/v1/keys/${killed}?wait=2000`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${token}` },
    });
    expect(answer.status).toBe(200);
  });
  const again = await logIn(email);
  expect(kidOf(again)).not.toBe(killed);
  const set = await (await fetch(`${system.auth.url}/.well-known/jwks.json`)).text();
  expect(set).not.toContain(killed);
  await expect.poll(async () => await shown(again), { timeout: 8_000 }).toBe(200);
}, 120_000);

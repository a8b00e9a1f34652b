/** A database that is up and cannot serve is a part that is away: 503, and it passes. */
import { newId } from '@portcullis/contracts';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSurroundings, registered, startUserService } from '../user-service.ts';

let around: Awaited<ReturnType<typeof createSurroundings>>;
let service: Awaited<ReturnType<typeof startUserService>>;
let sql: Sql;
let name: string;
const id = newId('usr');
const role = `pc_field_${randomBytes(6).toString('hex')}`;

beforeAll(async () => {
  around = await createSurroundings();
  await around.makeStream();
  sql = postgres(around.config.databaseUrl, { max: 1, onnotice: () => undefined });
  name = new URL(around.config.databaseUrl).pathname.slice(1);
  await sql.unsafe(`
    create role ${role} login password 'right';
    grant all on schema public, drizzle to ${role};
    grant all on all tables in schema public, drizzle to ${role}`);
  const url = new URL(around.config.databaseUrl);
  url.username = role;
  url.password = 'right';
  service = await startUserService({ ...around.config, databaseUrl: url.href });
  await around.publish(registered(id));
  await untilStatus(200, rename);
}, 120_000);

afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await sql.unsafe(`drop owned by ${role}; drop role ${role}`);
  await sql.end();
  await around.bed.dispose();
});

async function rename(): Promise<Response> {
  return await fetch(`${service.url}/v1/me`, {
    method: 'PATCH',
    headers: {
      authorization: `Bearer ${await around.issuer.mint({ sub: id })}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ name: 'Grace' }),
  });
}

async function untilStatus(status: number, ask: () => Promise<Response>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while ((await ask()).status !== status) {
    if (performance.now() > deadline) throw new Error(`it did not come to ${status}`);
    await sleep(50);
  }
}

const readiness = async (): Promise<Response> => await fetch(`${service.url}/readyz`);

async function endConnections(): Promise<void> {
  await sql`select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = ${role}`;
}

async function expectUnavailable(): Promise<void> {
  const answer = await rename();
  expect([answer.status, await answer.json()]).toMatchObject([503, { code: 'unavailable' }]);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await readiness()).status).toBe(503);
}

async function expectUnavailableWhile(change: string, back: string): Promise<void> {
  await sql.unsafe(change);
  await endConnections();
  try {
    await expectUnavailable();
  } finally {
    await sql.unsafe(back);
    await endConnections();
  }
  await untilStatus(200, readiness);
  expect((await rename()).status).toBe(200);
}

it('V5: a database that has become read-only is 503 and not ready, and passes', async () => {
  await expectUnavailableWhile(
    `alter database ${name} set default_transaction_read_only = on`,
    `alter database ${name} reset default_transaction_read_only`,
  );
});

it('V5: a database that refuses the service is 503, and passes', async () => {
  await expectUnavailableWhile(
    `alter role ${role} password 'other'`,
    `alter role ${role} password 'right'`,
  );
});

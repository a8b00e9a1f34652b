/** Nothing is served on a schema that lacks columns. */
import { run, SOURCE_RUNNER } from '@portcullis/testbed';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSurroundings, startUserService } from '../user-service.ts';

/** `0001_email-changes`, by its name. */
const COLUMN = 'email_at';

let around: Awaited<ReturnType<typeof createSurroundings>>;
beforeAll(async () => {
  around = await createSurroundings();
  await around.makeStream();
}, 120_000);
afterAll(() => around.bed.dispose());

it('V7: user is not ready on a database that was not migrated, until it is', async () => {
  const sql = postgres(around.config.databaseUrl, { max: 1, onnotice: () => undefined });
  await sql`alter table profiles drop column ${sql(COLUMN)}`;
  await sql`
    delete from drizzle.__drizzle_migrations where id = (
      select id from drizzle.__drizzle_migrations order by id offset 1 limit 1)`;
  await sql.end();
  const starting = startUserService(around.config);
  const statuses: number[] = [];
  const url = `http://127.0.0.1:${around.config.port}/readyz`;
  const end = performance.now() + 3_000;
  while (performance.now() < end) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer !== undefined) statuses.push(answer.status);
    await sleep(50);
  }
  try {
    expect(statuses).toContain(503);
    expect(statuses).not.toContain(200);
  } finally {
    await run({
      name: 'migrate user',
      command: process.execPath,
      args: [...SOURCE_RUNNER, 'apps/user/src/commands/migrate.ts'],
      env: { NODE_ENV: 'test', DATABASE_URL: around.config.databaseUrl },
    });
    await using service = await starting;
    expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
  }
}, 60_000);

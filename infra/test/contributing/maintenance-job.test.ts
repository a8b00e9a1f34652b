/** The example of CONTRIBUTING.md, in a copy of this repository: a job of maintenance is one place. */
import { newId } from '@portcullis/contracts';
import {
  appDatabase,
  authSettings,
  createTestBed,
  SOURCE_RUNNER,
  TestProcess,
} from '@portcullis/testbed';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { applyTo, cleanCopy, exampleOf, filesOf } from './clean-copy.ts';

const JOB = 'prune-account-events';
let copy: string;
let remove: () => void;

beforeAll(() => {
  ({ copy, remove } = cleanCopy());
});
afterAll(() => remove());

test('a job of maintenance is done after a change of one file, and has its metric', async () => {
  const example = exampleOf('A job of maintenance');
  expect(filesOf(example)).toHaveLength(1);
  applyTo(copy, example);

  await using bed = await createTestBed({ databases: { auth: appDatabase('auth') } });
  const sql = postgres(bed.databaseUrls.auth, { max: 1, onnotice: () => undefined });
  bed.use({ [Symbol.asyncDispose]: async () => await sql.end() });
  const [old, fresh] = [newId('evt'), newId('evt')];
  for (const [id, age] of [
    [old, '2 days'],
    [fresh, '1 hour'],
  ] as const) {
    await sql`insert into account_events (id, user_id, event, published_at)
      values (${id}, 'usr_example', '{}', clock_timestamp() - ${age}::interval)`;
  }
  const { env, port } = await authSettings(bed);
  bed.use(
    new TestProcess({
      name: 'auth',
      command: process.execPath,
      args: [...SOURCE_RUNNER, 'apps/auth/src/main.ts'],
      cwd: copy,
      env: { NODE_ENV: 'test', HOST: '127.0.0.1', ...env, PORT: String(port) },
    }),
  );
  const lastSuccess = async (): Promise<number> => {
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => undefined);
    const line = new RegExp(
      `^portcullis_auth_job_last_success_seconds\\{.*job="${JOB}".*\\} (\\S+)$`,
      'm',
    );
    return Number(line.exec((await answer?.text()) ?? '')?.[1] ?? 0);
  };
  await expect.poll(lastSuccess, { timeout: 60_000 }).toBeGreaterThan(Date.now() / 1_000 - 3_600);
  const left = await sql`select id from account_events where id in ${sql([old, fresh])}`;
  expect(left.map((row) => row['id'])).toEqual([fresh]);
});

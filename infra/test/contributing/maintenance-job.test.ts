/** The example of CONTRIBUTING.md, in a copy of this repository: a job of maintenance is one place. */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
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
import { ROOT } from '../../paths.ts';

const JOB = 'prune-account-events';
let copy: string;

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'portcullis-example-'));
  const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' });
  for (const path of tracked.split('\0')) {
    if (path === '' || !existsSync(join(ROOT, path))) continue;
    mkdirSync(dirname(join(copy, path)), { recursive: true });
    cpSync(join(ROOT, path), join(copy, path));
    // What a workspace depends on: links to others, which lead into the copy, and into the store.
    const modules = join(dirname(path), 'node_modules');
    if (!path.endsWith('/package.json') || !existsSync(join(ROOT, modules))) continue;
    cpSync(join(ROOT, modules), join(copy, modules), { recursive: true, verbatimSymlinks: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
});

afterAll(() => rmSync(copy, { recursive: true, force: true }));

test('a job of maintenance is done after a change of one file, and has its metric', async () => {
  const text = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
  const example = /\*\*A job of maintenance\*\*.*?```diff\n(.*?)```/s.exec(text)?.[1] ?? '';
  expect(example.match(/^\+\+\+ /gm)).toHaveLength(1);
  execFileSync('git', ['apply', '-'], { cwd: copy, input: example });

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

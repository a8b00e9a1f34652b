/** Faults of the documents: an operator's command has no environment to run in. */
import { appDatabase, createTestBed, startAuth, type TestBed } from '@portcullis/testbed';
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';

const checkout = new URL('../../../', import.meta.url);
/** They hold what commands share. */
const NO_COMMANDS = ['run-command.ts', 'change-offline.ts', 'receipt-of.ts'];

let bed: TestBed<'auth' | 'user'>;

beforeAll(async () => {
  bed = await createTestBed({
    databases: { auth: appDatabase('auth'), user: appDatabase('user') },
  });
  await startAuth(bed);
}, 60_000);

afterAll(async () => {
  await bed.dispose();
});

async function npmRun(...words: string[]): Promise<{ code: number | string; output: string }> {
  const env = {
    ...process.env,
    DATABASE_URL: bed.databaseUrls.auth,
    NATS_URL: bed.natsUrl,
    PORTCULLIS_PREFIX: bed.prefix,
    PORTCULLIS_KEY_ENCRYPTION_KEY: 'A'.repeat(43),
  };
  return await new Promise((resolve) => {
    const options = { cwd: fileURLToPath(checkout), env };
    execFile('npm', ['run', ...words], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : (error.code ?? 'ended');
      resolve({ code, output: stdout + stderr });
    });
  });
}

it('D10: one way runs a command of auth in the environment of its auth', async () => {
  const ended = await npmRun('auth', '--', 'verify-audit');
  expect(ended.code, ended.output).toBe(0);
  expect(ended.output).toMatch(/\d+ rows?/);
}, 120_000);

it.each(['auth', 'user'])('D10: the documents run each command of %s that way', async (service) => {
  const files = await readdir(new URL(`apps/${service}/src/commands/`, checkout));
  const page = await readFile(new URL('docs/operations.md', checkout), 'utf8');
  const commands = files.filter((file) => !NO_COMMANDS.includes(file));
  expect(commands).toContain('migrate.ts');
  const missing = commands
    .map((file) => `npm run ${service} -- ${file.replace('.ts', '')}`)
    .filter((command) => !page.includes(command));
  expect(missing).toEqual([]);
  expect(page).not.toMatch(/\bnode apps\//);
});

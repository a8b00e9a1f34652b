/** What a start of the system says that cannot be: one runs already, or a setting is wrong. */
import { ConfigurationError } from '@portcullis/service';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stage, Supervisor } from '../lifetime/supervisor.ts';
import { sizeOf } from '../lifetime/tail.ts';
import { awaitAnswer } from '../servers/await-answer.ts';
import { noteRunning, requireNoneRunning } from '../services/running-system.ts';

let dataFolder: string;
beforeEach(() => {
  dataFolder = mkdtempSync(join(tmpdir(), 'portcullis-start-'));
});
afterEach(() => rmSync(dataFolder, { recursive: true, force: true }));

test('one that runs is named by its address, and no more once it is asked to end', async () => {
  await using supervisor = new Supervisor(dataFolder);
  const ending = new AbortController();
  const session = { dataFolder, purpose: 'npm start', supervisor, signal: ending.signal };
  const start = () => requireNoneRunning(dataFolder);
  expect(start).not.toThrow();
  noteRunning(session, { auth: 25_000, user: 25_001, admin: 25_002 }, {});
  expect(start).toThrow('npm start already runs: http://localhost:25000 answers.');
  ending.abort();
  expect(start).not.toThrow();
});

test('the setting that ended a service is what to mend, and earlier runs are left out', async () => {
  await using supervisor = new Supervisor(dataFolder);
  const log = join(dataFolder, 'auth.log');
  writeFileSync(log, '  PORTCULLIS_ISSUER: of the run before\n');
  const { message } = new ConfigurationError(['PORTCULLIS_PREFIX: is no name']);
  const from = sizeOf(log);
  const running = await supervisor.start({
    name: 'auth',
    argv: ['/bin/sh', '-c', 'printf "auth: %s\\n" "$MESSAGE"; exit 1'],
    stage: stage.app,
    env: { MESSAGE: message },
    cwd: '/',
    output: { file: log },
    graceMs: 1_000,
  });
  const ask = async (): Promise<void> => {
    throw new Error('nothing listens');
  };
  const failure = await awaitAnswer({ name: 'auth', ask, running, log, from }).catch(
    (error: unknown) => error,
  );
  expect(failure).toMatchObject({
    message: `auth: ${message}\n\nauth ended with exit status 1.`,
    fix: 'set PORTCULLIS_PREFIX as docs/operations.md#settings says, or unset it',
  });
});

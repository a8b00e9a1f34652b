/** What `npm run config` says where auth goes by another file than it has written. With a system: e2e/own-permissions.test.ts. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { haveInForce } from '../config.ts';
import { Supervisor } from '../lifetime/supervisor.ts';
import { noteRunning } from '../services/running-system.ts';

/** Where nothing listens. */
const PORTS = { auth: 1, user: 2, admin: 3 };

let folder: string;
let written: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'portcullis-config-')));
  written = join(folder, 'written.json');
  for (const name of ['written.json', 'other.json']) writeFileSync(join(folder, name), '{}');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What it says once the note is that of a system whose auth has this environment; undefined: it waits for auth. */
async function said(auth: Record<string, string>): Promise<unknown> {
  await using supervisor = new Supervisor(folder);
  const { signal } = new AbortController();
  noteRunning({ dataFolder: folder, purpose: 'npm start', supervisor, signal }, PORTS, auth);
  const late = new Promise<undefined>((resolve) => {
    setTimeout(() => resolve(undefined), 1_000);
  });
  const ended = haveInForce(folder, written).catch((error: unknown) => error);
  return await Promise.race([ended, late]);
}

test('while no system runs, it says from when on this counts', async () => {
  const log = vi.spyOn(console, 'log').mockReturnValue();
  await haveInForce(folder, written);
  const lines = log.mock.calls.flat();
  log.mockRestore();
  expect(lines).toEqual(['The system does not run here: this counts from the next npm start on.']);
});

test('auth that was given a text: what it goes by, and the one thing to do', async () => {
  expect(await said({ PORTCULLIS_CONFIG: '{}' })).toMatchObject({
    message: `${written} is written, and not in force: auth goes by the text that the shell of npm start has in PORTCULLIS_CONFIG.`,
    fix: 'Ctrl-C in the terminal of npm start; there: unset PORTCULLIS_CONFIG; npm start',
  });
});

test('auth that follows another file: which one', async () => {
  const other = join(folder, 'other.json');
  expect(await said({ PORTCULLIS_CONFIG_FILE: other })).toMatchObject({
    message: expect.stringContaining(`auth follows ${other}, which the shell of npm start has in`),
    fix: expect.stringContaining('unset PORTCULLIS_CONFIG_FILE;'),
  });
});

test('auth that follows this file is waited for, by whatever path', async () => {
  mkdirSync(join(folder, 'run'));
  const link = join(folder, 'run', 'config.json');
  symlinkSync(written, link);
  // It goes on to have it applied, which may have ended by then: for what is in the file.
  const ended = await said({ PORTCULLIS_CONFIG_FILE: link });
  if (ended === undefined) return;
  expect(ended).toMatchObject({ message: expect.stringMatching(/^apply-config: /) });
});

import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newFolder } from './launcher-process.ts';
import { acquireLock, LockHeld } from '../lifetime/lock.mjs';
import { startOf } from '../lifetime/process-identity.mjs';

let folder: string;
beforeEach(() => {
  folder = newFolder();
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const announce = (pid: number, start: string, held = true): void => {
  mkdirSync(join(folder, 'lock'), { recursive: true });
  const text = JSON.stringify({ pid, start, held, note: 'another' });
  writeFileSync(join(folder, 'lock', `${pid}-${start}.json`), text);
};

test('a released lock leaves nothing on disk', async () => {
  const lock = await acquireLock(join(folder, 'lock'));
  lock.release();
  expect(existsSync(join(folder, 'lock'))).toBe(false);
});

test('a dead holder is no holder', async () => {
  announce(2 ** 22 - 1, 'gone');
  const lock = await acquireLock(join(folder, 'lock'));
  lock.release();
  expect(existsSync(join(folder, 'lock'))).toBe(false);
});

test('a live process that merely has the dead holder’s pid is no holder', async () => {
  announce(process.ppid, 'another-start');
  const lock = await acquireLock(join(folder, 'lock'));
  lock.release();
});

test('a live holder is named', async () => {
  announce(process.ppid, startOf(process.ppid) ?? '');
  await expect(acquireLock(join(folder, 'lock'))).rejects.toSatisfy(
    (error) => error instanceof LockHeld && error.holder.pid === process.ppid,
  );
});

test('a file that says nothing is no holder', async () => {
  mkdirSync(join(folder, 'lock'));
  writeFileSync(join(folder, 'lock', '1-torn.json'), '{"pid":');
  const lock = await acquireLock(join(folder, 'lock'));
  lock.release();
});

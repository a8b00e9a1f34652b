import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isGone, launch, launchUp, newFolder, until, type Launched } from './launcher-process.ts';

let folder: string;
beforeEach(() => {
  folder = newFolder();
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const children = (pid: number): number[] => {
  const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return list === '' ? [] : list.split(' ').map(Number);
};
const wardenOf = (dataFolder: string): number =>
  JSON.parse(readFileSync(join(dataFolder, 'processes.json'), 'utf8')).warden.pid;

/** Both servers, the child of each, and the warden. */
const everything = async ({ pids }: Launched): Promise<number[]> => {
  await until(() => pids().flatMap(children).length === 2);
  return [...pids(), ...pids().flatMap(children), wardenOf(folder)];
};

describe.runIf(process.platform === 'linux')('nothing is left', () => {
  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('after %s', async (signal) => {
    const launched = await launchUp(folder);
    const all = await everything(launched);
    launched.child.kill(signal);
    expect(await launched.ended).toBe(0);
    // Not "soon": all of it before the launcher itself ends.
    expect(all.filter((pid) => !isGone(pid))).toEqual([]);
    expect(readdirSync(folder)).toEqual(['logs']);
  });

  test('after kill -9 of the launcher, within a moment', async () => {
    const runFolder = join(folder, '.portcullis', 'test-1');
    mkdirSync(runFolder, { recursive: true });
    const launched = await launchUp(folder, runFolder);
    const all = await everything(launched);
    launched.child.kill('SIGKILL');
    await until(() => all.every(isGone));
    expect(existsSync(runFolder)).toBe(false);
    expect(existsSync(join(folder, 'processes.json'))).toBe(false);
  });

  test('after kill -9 of launcher and warden together: the next start ends the rest', async () => {
    const launched = await launchUp(folder);
    process.kill(wardenOf(folder), 'SIGSTOP'); // so that it cannot act in between
    const warden = wardenOf(folder);
    launched.child.kill('SIGKILL');
    process.kill(warden, 'SIGKILL');
    await launched.ended;
    expect(launched.pids().some(isGone)).toBe(false);

    const next = await launchUp(folder);
    expect(next.output()).toContain('ended what an earlier run left behind: first, second');
    expect(launched.pids().every(isGone)).toBe(true);
    next.child.kill('SIGINT');
    expect(await next.ended).toBe(0);
  });

  test('after kill -9 of the warden, and then of the launcher', async () => {
    const launched = await launchUp(folder);
    const before = wardenOf(folder);
    process.kill(before, 'SIGKILL');
    await until(() => wardenOf(folder) !== before);
    launched.child.kill('SIGKILL');
    await until(() => launched.pids().every(isGone));
  });
});

test.each(['SIGINT', 'SIGTERM'] as const)(
  'a command that %s stops in a step says that it was stopped, and not that it failed',
  async (signal) => {
    const launched = launch(folder, '', 'first step');
    const log = join(folder, 'logs', 'step.log');
    await until(() => existsSync(log) && readFileSync(log, 'utf8').includes('begun'));
    launched.child.kill(signal);
    expect(await launched.ended).toBe(130);
    const lines = launched.output().trim().split('\n');
    expect(lines).toEqual([
      `${signal}: stopping`,
      expect.stringMatching(/^ {2}first step +[0-9.]+ s {2}stopped$/),
      '  the stand-in was stopped before it was done',
    ]);
  },
);

test('a step that fails by a fault of its own after Ctrl-C says which, and what to do', async () => {
  const launched = launch(folder, '', 'own fault');
  await until(() => launched.output().includes('begun\n'));
  launched.child.kill('SIGINT');
  expect(await launched.ended).toBe(130);
  expect(launched.output()).toMatch(/first step +[0-9.]+ s {2}failed/);
  expect(launched.output()).toContain('\nthe disk is full\nFix: make room\n');
  expect(launched.output()).toContain('the stand-in was stopped before it was done');
});

describe('one at a time', () => {
  test('a second start says which process runs, and leaves it alone', async () => {
    const first = await launchUp(folder);
    const second = launch(folder);
    expect(await second.ended).toBe(1);
    expect(second.output()).toContain(
      `the stand-in already runs in this checkout, as process ${first.child.pid}.`,
    );
    first.child.kill('SIGINT');
    expect(await first.ended).toBe(0);
  });

  test('of many at once exactly one runs', async () => {
    const many = Array.from({ length: 6 }, () => launch(folder));
    await until(() => many.filter((one) => one.child.exitCode !== null).length === 5);
    const [winner] = many.filter((one) => one.child.exitCode === null);
    await until(() => winner?.output().includes('\nup\n') === true);
    winner?.child.kill('SIGINT');
    expect(await winner?.ended).toBe(0);
  });
});

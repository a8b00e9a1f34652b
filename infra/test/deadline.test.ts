import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';

const THREAD = new URL('../deadline/thread.mjs', import.meta.url).href;

/** What a process says, and by which signal it ends, that does this and has 300 ms for it. */
async function ended(doing: string) {
  const child = spawn(process.execPath, [
    '--input-type=module',
    '--eval',
    `import { spawnSync } from 'node:child_process';
    import { Worker } from 'node:worker_threads';
    const workerData = { file: 'some.test.ts', afterMs: 300 };
    const thread = new Worker(new URL(${JSON.stringify(THREAD)}), { workerData, execArgv: [] });
    thread.unref();
    thread.postMessage('the first test');
    thread.postMessage('the second test');
    ${doing}`,
  ]);
  onTestFinished(() => void child.kill('SIGKILL'));
  const [said, [, signal]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  return { said, signal: signal as unknown };
}

test.each([
  ['turns in a loop', 'function turns() { for (;;); } turns();', /at turns \(/],
  ['waits for a program', `spawnSync('sleep', ['20']);`, /in no JavaScript/],
  ['waits for nothing that comes', 'setTimeout(() => {}, 2 ** 30);', /in no JavaScript/],
])('a test file that %s is ended, and says where it stands', async (_, doing, where) => {
  const { said, signal } = await ended(doing);
  expect(said).toContain('some.test.ts is not done after 0.005 minutes');
  expect(said).toContain('Last it began: the second test');
  expect(said).toMatch(where);
  expect(signal).toBe('SIGKILL');
});

test('one that ends in time is left alone', async () => {
  expect(await ended('')).toEqual({ said: '', signal: null });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { repositoryRoot, run, SOURCE_RUNNER, spawnService } from '../src/index.ts';

let folder: string;
let entry: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portcullis-service-'));
  entry = join(folder, 'service.ts');
  await writeFile(
    entry,
    `import { createServer } from 'node:http';
     const begun: number = performance.now();
     if (process.env['FAIL'] === 'now') throw new Error('no database');
     console.log('started', process.env['NODE_ENV'], process.env['SECRET_OF_THE_RUNNER']);
     createServer((request, response) => {
       response.statusCode = process.env['FAIL'] !== 'never' && performance.now() - begun > 50 ? 200 : 503;
       response.end('waiting for the bus');
     }).listen(Number(process.env['PORT']), process.env['HOST']);`,
  );
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // An orphan stays a zombie where process 1 is a program that collects none.
  const stat = `/proc/${pid}/stat`;
  return !existsSync(stat) || !/^\d+ \(.*\) Z/.test(readFileSync(stat, 'utf8'));
}

async function untilDead(pids: readonly number[]): Promise<void> {
  for (let wait = 0; pids.some(alive) && wait < 100; wait += 1) await sleep(20);
  expect(pids.filter(alive)).toEqual([]);
}

test('a service is ready when it says so, and gets no environment by accident', async () => {
  process.env['SECRET_OF_THE_RUNNER'] = 'leaked';
  await using service = await spawnService({ name: 'sample', entry });
  delete process.env['SECRET_OF_THE_RUNNER'];
  expect((await fetch(service.url)).status).toBe(200);
  expect(service.log).toContain('started test undefined');
});

test('pause, resume, kill, restart on the same port, stop', async () => {
  const service = await spawnService({ name: 'sample', entry });
  service.pause();
  await expect(fetch(service.url, { signal: AbortSignal.timeout(200) })).rejects.toThrow();
  service.resume();
  expect((await fetch(service.url)).status).toBe(200);
  const first = service.process.pid;
  service.kill('SIGKILL');
  expect(await service.process.exited).toBe('SIGKILL');
  await service.restart();
  expect(service.process.pid).not.toBe(first);
  expect((await fetch(service.url)).status).toBe(200);
  service.pause(); // stopping a process that stands still works too
  await service.stop();
  expect(alive(service.process.pid)).toBe(false);
});

test('a process that ends, or never becomes ready, is reported with its log', async () => {
  await expect(spawnService({ name: 'sample', entry, env: { FAIL: 'now' } })).rejects.toThrow(
    /sample ended with 1:[^]*no database/,
  );
  const never = { name: 'sample', entry, env: { FAIL: 'never' }, readyTimeoutMs: 1_500 };
  await expect(spawnService(never)).rejects.toThrow(/503 waiting for the bus[^]*started test/);
});

test('a command that fails is reported with its output', async () => {
  const command = { name: 'sh', command: '/bin/sh' };
  expect(await run({ ...command, args: ['-c', 'echo fine'] })).toBe('fine\n');
  await expect(run({ ...command, args: ['-c', 'echo broken; exit 3'] })).rejects.toThrow(
    'sh ended with 3:\nbroken',
  );
  const late = run({ ...command, args: ['-c', 'sleep 60 & echo $!; wait'] }, 200);
  const message = String(await late.catch((error: unknown) => error));
  expect(message).toContain('late');
  // What it has started ends with it.
  await untilDead([Number(/^\d+$/m.exec(message)?.[0])]);
});

test('a test process that is killed takes its services along, also those that stand still', async () => {
  const script = join(folder, 'runner.mts');
  await writeFile(
    script,
    `import { TestProcess } from '${repositoryRoot}/packages/testbed/src/process.ts';
     const all = [1, 2, 3].map(() => new TestProcess({ name: 's', command: '/bin/sleep', args: ['300'] }));
     all[0]?.pause();
     await all[1]?.stop();
     console.log(all.map((child) => child.pid).join(' '));
     setInterval(() => {}, 1000);`,
  );
  const runner = spawn(process.execPath, [...SOURCE_RUNNER, script], {
    cwd: repositoryRoot,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(runner.stdout, 'data');
  const pids = String(line).trim().split(' ').map(Number);
  expect(pids.map(alive)).toEqual([true, false, true]);
  runner.kill('SIGKILL');
  await untilDead(pids);
});

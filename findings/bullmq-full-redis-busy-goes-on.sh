#!/usr/bin/env bash
# Software: bullmq 6.7.0 with ioredis 6.0.0, redis-server (seen on 7.0.15) with noeviction, as BullMQ asks.
# Guess:    once Redis is at maxmemory, adding fails and work goes on: finishing a job needs no memory to speak
#           of and gives some back.
# Seen:     it depends on what a worker was doing. One that has a job in hand finishes it, is given the next
#           one, and so works off its whole queue. One that is idle, or starts now, gets "OOM command not
#           allowed" and never takes a job from a queue just as full. And a job that outlasts its lock cannot
#           renew it: it runs to its end, is refused with "Missing lock", and runs again when there is room.
#           For Redis looks at the memory only at the first write of a script: the one that finishes a job begins
#           with a DEL, which is always allowed, and what follows in it is not asked; those that fetch a first
#           job or renew a lock begin with a RPOPLPUSH or a SET.
# So:       a full Redis shows as some queues that stand and others that run, and it repeats long jobs. Alarm on
#           used memory well before the limit, and keep jobs repeatable.
set -euo pipefail
command -v redis-server >/dev/null || { echo 'redis-server is not on this machine'; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund bullmq@6.7.0 ioredis@6.0.0 >/dev/null || exit 2
cat > try.mjs <<'JS'
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

const options = ['--port', '0', '--unixsocket', 'redis.sock', '--save', '', '--maxmemory-policy', 'noeviction'];
const server = spawn('redis-server', options, { stdio: 'ignore' });
process.on('exit', () => server.kill());
while (!existsSync('redis.sock')) await sleep(50);
const connection = { path: 'redis.sock' };
const admin = new Redis(connection);
const queues = Object.fromEntries(['busy', 'idle', 'long'].map((name) => [name, new Queue(name, { connection })]));
for (let n = 0; n < 5; n += 1) for (const name of ['busy', 'idle']) await queues[name].add('job', {});
await queues.long.add('job', {});

const runs = { busy: 0, idle: 0, long: 0 };
const said = new Set();
const work = (name, act, more = {}) => {
  const worker = new Worker(name, act, { connection, ...more });
  return worker.on('error', (error) => said.add(`${name}: ${error.message.replace(/\..*/, '')}`));
};
let tell;
const full = new Promise((resolve) => (tell = resolve));
const workers = [
  work('busy', async () => {
    await full;
    runs.busy += 1;
  }),
  work('long', async () => {
    runs.long += 1;
    await sleep(4_000);
  }, { lockDuration: 2_000, stalledInterval: 1_000 }),
];
while ((await queues.busy.getActiveCount()) + (await queues.long.getActiveCount()) < 2) await sleep(50);

await admin.config('SET', 'maxmemory', '500kb');
tell();
workers.push(work('idle', async () => void (runs.idle += 1)));
const adding = await queues.busy.add('job', {}).then(() => 'taken', () => 'refused');
await sleep(7_000);
const long = await queues.long.getJobCounts('active', 'completed');
const while_full = { adding, ...runs, long: `run ${runs.long}, completed ${long.completed}` };
await admin.config('SET', 'maxmemory', '0');
for (let n = 0; n < 200 && (runs.long < 2 || runs.idle < 5); n += 1) await sleep(100);
const seen = { 'while full': while_full, 'with room again': { ...runs } };
console.log(execFileSync('redis-server', ['--version']).toString().split(' ', 3).join(' '), seen, said);
await Promise.all(workers.map((worker) => worker.close(true)));
await Promise.all(Object.values(queues).map((queue) => queue.close()));
admin.disconnect();
const asSeen =
  said.has('long: Missing lock for job 1') &&
  isDeepStrictEqual(seen, {
    'while full': { adding: 'refused', busy: 5, idle: 0, long: 'run 1, completed 0' },
    'with room again': { busy: 5, idle: 5, long: 2 },
  });
console.log(asSeen ? 'as seen before' : 'CHANGED');
process.exit(asSeen ? 0 : 1);
JS
node try.mjs

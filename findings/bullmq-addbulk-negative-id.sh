#!/usr/bin/env bash
# Software: bullmq 6.7.0 with ioredis 6.0.0, redis-server (seen on 7.0.15).
# Guess:    `addBulk` refuses what `add` refuses; and as "all or none" is documented, it then adds nothing.
# Seen:     `add` under a parent that is gone rejects with "Missing key for parent job". `addBulk` with one such job
#           among three resolves with three jobs; the one has the id -5, which is the error code of the script,
#           and does not exist. The other two are added. Nothing is rejected, emitted or logged.
# So:       after `addBulk` with parents look at each id, or add such jobs one by one.
set -euo pipefail
command -v redis-server >/dev/null || { echo 'redis-server is not on this machine'; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund bullmq@6.7.0 ioredis@6.0.0 >/dev/null || exit 2
cat > try.mjs <<'JS'
import { Queue } from 'bullmq';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

const options = ['--port', '0', '--unixsocket', 'redis.sock', '--save', ''];
const server = spawn('redis-server', options, { stdio: 'ignore' });
process.on('exit', () => server.kill());
while (!existsSync('redis.sock')) await sleep(50);
const queue = new Queue('q', { connection: { path: 'redis.sock' } });
const events = [];
queue.on('error', (error) => events.push(error.message));

const parent = { id: 'gone', queue: queue.qualifiedName };
const alone = await queue.add('child', {}, { parent }).then((job) => job.id, (error) => error.message);
const jobs = [{ name: 'a', data: {} }, { name: 'child', data: {}, opts: { parent } }, { name: 'c', data: {} }];
const bulk = await queue.addBulk(jobs).then(
  (added) => added.map((job) => `${job.name}: ${job.id}`),
  (error) => error.message,
);
const there = (await queue.getJobs(['waiting'])).map((job) => `${job.name}: ${job.id}`).sort();
const seen = { add: alone, addBulk: bulk, there, events };
console.log(execFileSync('redis-server', ['--version']).toString().split(' ', 3).join(' '), seen);
await queue.close();
const asSeen = isDeepStrictEqual(seen, {
  add: 'Missing key for parent job bull:q:gone. addJob',
  addBulk: ['a: 1', 'child: -5', 'c: 2'],
  there: ['a: 1', 'c: 2'],
  events: [],
});
console.log(asSeen ? 'as seen before' : 'CHANGED');
process.exit(asSeen ? 0 : 1);
JS
node try.mjs

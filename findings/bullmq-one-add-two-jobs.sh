#!/usr/bin/env bash
# Software: bullmq 6.7.0 with ioredis 6.0.0, redis-server (seen on 7.0.15).
# Guess:    when the connection breaks after Redis has run an `add` and before its answer arrives, `add` rejects,
#           and whoever called decides whether to try again.
# Seen:     `add` resolves, and there are two jobs. ioredis keeps what is unanswered and sends it again once it
#           is connected, even with `maxRetriesPerRequest: 1`; and as the script behind `add` counts the job id
#           itself, it adds a second job. The caller is told of the second alone. With a `jobId` of the
#           caller's there is one.
# So:       give each job that must not run twice a `jobId`, even where the caller never tries again.
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
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

const options = ['--port', '0', '--unixsocket', 'redis.sock', '--save', ''];
const server = spawn('redis-server', options, { stdio: 'ignore' });
process.on('exit', () => server.kill());
while (!existsSync('redis.sock')) await sleep(50);

/** Whether the next answer of Redis is dropped, and its connection with it. */
let cut = false;
const between = createServer((client) => {
  const redis = connect('redis.sock');
  client.on('data', (bytes) => redis.write(bytes));
  redis.on('data', (bytes) => {
    if (!cut) return client.write(bytes);
    cut = false;
    client.destroy();
  });
  client.on('close', () => redis.destroy()).on('error', () => {});
  redis.on('close', () => client.destroy()).on('error', () => {});
});
await new Promise((resolve) => between.listen(0, '127.0.0.1', resolve));

async function addOnce(name, more, opts) {
  const connection = { host: '127.0.0.1', port: between.address().port, ...more };
  const queue = new Queue(name, { connection });
  queue.on('error', () => {});
  await queue.waitUntilReady();
  await queue.add('first', {}); // which also leaves the script with Redis
  cut = true;
  const told = await queue.add('mail', {}, opts).then((job) => `job ${job.id}`, () => 'an error');
  const there = await queue.getJobs(['waiting']);
  const mails = there.filter((job) => job.name === 'mail').map((job) => job.id);
  await queue.close();
  return `${told}; there: ${mails.sort().join(' and ')}`;
}
const seen = {
  'as it comes': await addOnce('a', {}),
  'one retry per request': await addOnce('b', { maxRetriesPerRequest: 1 }),
  'an id of its own': await addOnce('c', {}, { jobId: 'mail-to-ann' }),
};
console.log(execFileSync('redis-server', ['--version']).toString().split(' ', 3).join(' '), seen);
between.close();
const asSeen = isDeepStrictEqual(seen, {
  'as it comes': 'job 3; there: 2 and 3',
  'one retry per request': 'job 3; there: 2 and 3',
  'an id of its own': 'job mail-to-ann; there: mail-to-ann',
});
console.log(asSeen ? 'as seen before' : 'CHANGED');
process.exit(asSeen ? 0 : 1);
JS
node try.mjs

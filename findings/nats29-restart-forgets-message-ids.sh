#!/usr/bin/env bash
# Software: nats-server 2.9.10 (of Debian), with @nats-io/jetstream 3.4.0.
# Guess:    a message id is known for the `duplicate_window` (here two hours) after it was published; on file
#           storage over a restart of the server, too.
# Seen:     while the server runs an id is known though its message was acknowledged on a work queue, purged,
#           deleted or pushed out by `max_msgs`: the publish is answered "duplicate", with a number under which
#           nothing is stored. After a restart the ids are read back from the messages that are still there: the very
#           same publish is taken, and the work is done a second time. Only what is still stored stays known.
# So:       on a work queue the ids do not protect a publisher that tries again over a restart: let who does the
#           work know what is done.
set -euo pipefail
case "$(nats-server --version 2>/dev/null)" in
  *v2.9.*) ;;
  *) echo 'this needs nats-server 2.9 on PATH'; exit 2 ;;
esac
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund \
  @nats-io/transport-node@3.4.0 @nats-io/jetstream@3.4.0 >/dev/null || exit 2
cat > try.mjs <<'JS'
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { isDeepStrictEqual } from 'node:util';

const port = await new Promise((resolve) => {
  const probe = createServer().listen(0, '127.0.0.1', () => {
    const { port } = probe.address();
    probe.close(() => resolve(port));
  });
});
const options = ['-a', '127.0.0.1', '-p', String(port), '--jetstream', '--store_dir', 'store'];
let server;
process.on('exit', () => server.kill());
async function start() {
  server = spawn('nats-server', options, { stdio: 'ignore' });
  const connection = await connect({ servers: `127.0.0.1:${port}`, waitOnFirstConnect: true });
  return { connection, ...(await jetstreamManager(connection)), js: jetstream(connection) };
}
const STREAMS = ['worked', 'purged', 'deleted', 'pushed', 'kept'];
/** Publishes to each stream with the same id, and says how each is answered. */
async function publish(js) {
  const answers = {};
  for (const name of STREAMS) {
    const { duplicate } = await js.publish(name, 'x', { msgID: 'one' });
    answers[name] = duplicate ? 'duplicate' : 'taken';
  }
  return answers;
}
let { connection, streams, consumers, js } = await start();
const more = { worked: { retention: 'workqueue' }, pushed: { max_msgs: 1 } };
for (const name of STREAMS) {
  await streams.add({ name, subjects: [name], duplicate_window: 7_200_000_000_000, ...more[name] });
}
const seen = { first: await publish(js) };
await consumers.add('worked', { durable_name: 'd', ack_policy: 'explicit' });
await (await (await js.consumers.get('worked', 'd')).next()).ackAck();
await streams.purge('purged');
await streams.deleteMessage('deleted', 1);
await js.publish('pushed', 'y');
seen.again = await publish(js);
await connection.close();
await new Promise((resolve) => {
  server.once('exit', resolve);
  server.kill();
});
({ connection, js } = await start());
seen['after a restart'] = await publish(js);
console.log(connection.info?.version, seen);
await connection.close();
const all = (answer) => Object.fromEntries(STREAMS.map((name) => [name, answer]));
const asSeen = isDeepStrictEqual(seen, {
  first: all('taken'),
  again: all('duplicate'),
  'after a restart': { ...all('taken'), kept: 'duplicate' },
});
console.log(asSeen ? 'as seen before' : 'CHANGED');
process.exit(asSeen ? 0 : 1);
JS
node try.mjs

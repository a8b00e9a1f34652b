#!/usr/bin/env bash
# Software: nats-server 2.9.10 (of Debian), with @nats-io/jetstream 3.4.0.
# Guess:    four messages are fetched, the fetch is closed, and all four are given back (`nak`). The next fetch
#           gets each of them once, as delivered for the second time.
# Seen:     the fetch had asked for more than four, and the server still tries it: the first message that was
#           given back goes there, is heard by nobody, and comes again only after `ack_wait`, as its third
#           delivery. Besides, the newest message comes twice: as its second delivery, and once more as new,
#           with a delivery count of one. NATS 2.15.1 delivers each once, with a count of two.
# So:       `redelivered` and the count do not tell a repeated message on 2.9: know it by its sequence or its
#           own id. And what is given back while a pull is open may take `ack_wait` all the same.
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
const server = spawn('nats-server', options, { stdio: 'ignore' });
const connection = await connect({ servers: `127.0.0.1:${port}`, waitOnFirstConnect: true });
const { streams, consumers } = await jetstreamManager(connection);
await streams.add({ name: 'EV', subjects: ['ev'] });
const ack_wait = 2_000_000_000;
await consumers.add('EV', { durable_name: 'd', ack_policy: 'explicit', ack_wait });
const js = jetstream(connection);
for (const text of ['a', 'b', 'c', 'd']) await js.publish('ev', text);
const consumer = await js.consumers.get('EV', 'd');

const first = await consumer.fetch({ max_messages: 16, expires: 5_000 });
const held = [];
for await (const message of first) {
  held.push(message);
  if (held.length === 4) break;
}
await first.close();
for (const message of held) message.nak();
await connection.flush();

const begun = performance.now();
const seen = [];
for await (const message of await consumer.fetch({ max_messages: 16, expires: 6_000 })) {
  const when = performance.now() - begun < 1_000 ? 'at once' : 'after ack_wait';
  seen.push(`${message.string()}: delivery ${message.info.deliveryCount}, ${when}`);
  message.ack();
}
console.log(connection.info?.version, seen);
await connection.close();
server.kill();
const wanted = [
  'b: delivery 2, at once',
  'c: delivery 2, at once',
  'd: delivery 2, at once',
  'd: delivery 1, at once',
  'a: delivery 3, after ack_wait',
];
process.exit(isDeepStrictEqual(seen, wanted) ? 0 : 1);
JS
node try.mjs && echo 'still so' || { echo 'this has changed'; exit 1; }

#!/usr/bin/env bash
# Software: nats-server 2.9.10 (of Debian), with @nats-io/jetstream 3.4.0.
# Guess:    `nak(2000)` brings the message again after two seconds, as it is documented, on every consumer;
#           `backoff` is for messages that nobody answered.
# Seen:     without `backoff` each delay is two seconds. With a `backoff` of 1 s and 4 s the first is two seconds
#           too, and the second is five. The server notes a delay by dating the delivery such that it would be
#           due if `ack_wait` were to pass, and `ack_wait` is the first step of `backoff`; but whether a
#           message is due it asks by the step of its delivery. From the second delivery on a delay
#           thus takes: the delay, plus the present step, less the first one.
# So:       on 2.9 do not mix `nak` with a delay and `backoff`: a short delay becomes as long as the longest step.
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
process.on('exit', () => server.kill());
const connection = await connect({ servers: `127.0.0.1:${port}`, waitOnFirstConnect: true });
const { streams, consumers } = await jetstreamManager(connection);
const js = jetstream(connection);
const s = 1_000_000_000;
await streams.add({ name: 'EV', subjects: ['ev'] });
const common = { ack_policy: 'explicit', max_deliver: 5 };
await consumers.add('EV', { ...common, durable_name: 'plain', ack_wait: s });
await consumers.add('EV', { ...common, durable_name: 'stepped', backoff: [s, 4 * s] });
await js.publish('ev', 'x');

/** How long each of two delays of two seconds took, in whole seconds. */
async function delays(name) {
  const consumer = await js.consumers.get('EV', name);
  const took = [];
  let given;
  for (let delivery = 1; delivery <= 3; delivery += 1) {
    const message = await consumer.next({ expires: 12_000 });
    if (given !== undefined) took.push(`${Math.round((performance.now() - given) / 1000)} s`);
    if (delivery === 3) message.ack();
    else message.nak(2_000);
    given = performance.now();
  }
  return took;
}
const [plain, stepped] = await Promise.all([delays('plain'), delays('stepped')]);
const seen = { plain, stepped };
console.log(connection.info?.version, seen);
await connection.close();
const asSeen = isDeepStrictEqual(seen, { plain: ['2 s', '2 s'], stepped: ['2 s', '5 s'] });
console.log(asSeen ? 'as seen before' : 'CHANGED');
process.exit(asSeen ? 0 : 1);
JS
node try.mjs

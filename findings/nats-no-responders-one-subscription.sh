#!/usr/bin/env bash
# Software: @nats-io/transport-node 3.4.0, nats-server (seen on 2.9.10, of Debian).
# Guess:    a request on which no one listens fails at once with "no responders", whatever else the same
#           connection has subscribed to.
# Seen:     with a subscription of the same connection to `_INBOX.>` (to watch replies, say), which was made
#           after its first request, each such request times out instead: the server gives its 503 to one
#           matching subscription of the connection alone, and that is not the one that waits for it. The
#           watcher receives the 503. The same subscription on another connection changes nothing; and
#           without it "no responders" is back.
# So:       do not watch the inbox on the connection that makes the requests: use a connection of its own.
set -euo pipefail
command -v nats-server >/dev/null || { echo 'nats-server is not on this machine'; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @nats-io/transport-node@3.4.0 >/dev/null || exit 2
cat > try.mjs <<'JS'
import { connect } from '@nats-io/transport-node';
import { spawn, execFileSync } from 'node:child_process';
import { createServer } from 'node:net';

const port = await new Promise((resolve) => {
  const probe = createServer().listen(0, '127.0.0.1', () => {
    const { port } = probe.address();
    probe.close(() => resolve(port));
  });
});
const server = spawn('nats-server', ['-a', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
const open = async () => await connect({ servers: `127.0.0.1:${port}`, waitOnFirstConnect: true });
const [asking, other] = [await open(), await open()];
let heard = 0;
const watch = async (connection) => {
  const subscription = connection.subscribe('_INBOX.>', { callback: () => (heard += 1) });
  await connection.flush();
  return subscription;
};
/** How ten requests end to which nobody listens. */
async function ask() {
  const ends = new Set();
  for (let n = 0; n < 10; n += 1) {
    await asking.request('no.one', undefined, { timeout: 300 }).catch((error) => ends.add(error.message));
  }
  return [...ends].join(' and ');
}
const seen = { alone: await ask() };
const elsewhere = await watch(other);
seen['watched elsewhere'] = await ask();
elsewhere.unsubscribe();
heard = 0;
const own = await watch(asking);
seen['watched itself'] = await ask();
seen['the watcher heard'] = heard;
own.unsubscribe();
await asking.flush();
seen['watched no more'] = await ask();
console.log(execFileSync('nats-server', ['--version']).toString().trim(), seen);
await Promise.all([asking.close(), other.close()]);
server.kill();
const none = "no responders: 'no.one'";
const asSeen = Object.values(seen).join('|') === [none, none, 'timeout', 10, none].join('|');
console.log(asSeen ? 'as seen before' : 'CHANGED');
process.exit(asSeen ? 0 : 1);
JS
node try.mjs

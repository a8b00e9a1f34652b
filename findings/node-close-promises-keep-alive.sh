#!/usr/bin/env bash
# Software: Node.js (seen on 20.20.2), module http, nothing installed.
# Guess:    after server.close() the answer that is still under way says "Connection: close", and the
#           server's close event comes as soon as that answer is sent.
# Seen:     the answer says "Connection: keep-alive" and "Keep-Alive: timeout=5"; its connection becomes
#           idle after close() has looked for idle ones, so it stays open for the promised time and more,
#           and close() ends only then. A client that believes the header may send its next request on it.
# So:       set "Connection: close" on what is answered after close() was called, and do not count on
#           close() to end soon after the last answer.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/try.mjs" <<'JS'
import { createServer } from 'node:http';
import { connect } from 'node:net';

const server = createServer((request, response) => {
  setTimeout(() => response.end('late'), 600);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const socket = connect(server.address().port, '127.0.0.1');
let text = '';
let answeredAt;
socket.on('data', (bytes) => {
  text += bytes;
  answeredAt ??= performance.now();
});
socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
await new Promise((resolve) => setTimeout(resolve, 200));
await new Promise((resolve) => server.close(resolve));
const waited = performance.now() - answeredAt;
const header = (name) => new RegExp(`^${name}: (.*)\r$`, 'mi').exec(text)?.[1];
console.log(`${process.version}: Connection: ${header('Connection')}; Keep-Alive: ${header('Keep-Alive')}`);
console.log(`close() ended ${(waited / 1000).toFixed(1)} s after the last answer`);
const asSeen = header('Connection') === 'keep-alive' && header('Keep-Alive') === 'timeout=5' && waited > 4000;
console.log(asSeen ? 'as seen before' : 'CHANGED');
process.exit(asSeen ? 0 : 1);
JS
node "$folder/try.mjs"

#!/usr/bin/env bash
# Software: eventsource 4.1.1 (of npm), undici 7.30.2 (its EventSource), each on Node.
# Guess:    both do as the HTML standard says: an `id` line counts from then on. It is the `lastEventId` of the later
#           events that bring none, and it is sent as Last-Event-ID when the client connects again, also
#           when its block had no data, as a server sends it to move the cursor on without an event.
# Seen:     undici does. In `eventsource` an event without an id of its own has the empty string as `lastEventId`; and
#           an `id` without data is forgotten: after the connection broke it asks from the id of the last event.
# So:       a server that skips what a client may not see, and says so by a bare `id`, sends it all again to such
#           a client. Put data into each block that carries an id, under an event name that nobody hears.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund eventsource@4.1.1 undici@7.30.2 >/dev/null || exit 2
cat > try.mjs <<'JS'
import { EventSource as OfNpm } from 'eventsource';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import { EventSource as OfUndici } from 'undici';

const BLOCKS = ['retry: 100', 'id: 1\ndata: a', 'data: b', 'id: 5'];
/** What a client says of the events, and from where it asks when it connects again. */
async function listen(EventSource) {
  const requests = [];
  const server = createServer((request, response) => {
    requests.push(request.headers['last-event-id']);
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.end(requests.length === 1 ? BLOCKS.map((block) => `${block}\n\n`).join('') : 'data: end\n\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const source = new EventSource(`http://127.0.0.1:${server.address().port}/`);
  const events = [];
  await new Promise((resolve) => {
    source.onmessage = ({ data, lastEventId }) => {
      if (data === 'end') resolve();
      else events.push(`${data}: ${lastEventId}`);
    };
  });
  source.close();
  server.closeAllConnections();
  server.close();
  return { events, 'asks again from': requests[1] };
}
const seen = { eventsource: await listen(OfNpm), undici: await listen(OfUndici) };
console.log(seen);
const asSeen = isDeepStrictEqual(seen, {
  eventsource: { events: ['a: 1', 'b: '], 'asks again from': '1' },
  undici: { events: ['a: 1', 'b: 1'], 'asks again from': '5' },
});
console.log(asSeen ? 'as seen before' : 'CHANGED');
process.exit(asSeen ? 0 : 1);
JS
node try.mjs

#!/usr/bin/env bash
# Software: @trpc/client 11.25.2 and @trpc/server 11.25.2, httpBatchLink and httpBatchStreamLink.
# Guess:    a call whose signal is aborted rejects at once with an abort error, whichever link carries it; at most
#           the server goes on, for the sake of the other calls of the batch.
# Seen:     that is so with `httpLink`, and for a call that happens to be alone in its batch. When another call
#           shares the batch, the aborted one goes on as if nothing had been said, and resolves with its result
#           when the batch does: the signal is heeded only once every call of the batch is aborted. So
#           whether a timeout works depends on what else was called in the same tick.
# So:       where a deadline or a cancelled view must count, race the call against the signal oneself, or send it by
#           an unbatched link.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @trpc/client@11.25.2 @trpc/server@11.25.2 >/dev/null || exit 2
cat > try.mjs <<'JS'
import { createTRPCClient, httpBatchLink, httpBatchStreamLink, httpLink } from '@trpc/client';
import { initTRPC } from '@trpc/server';
import { createHTTPServer } from '@trpc/server/adapters/standalone';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

const t = initTRPC.create();
const slow = t.procedure.query(async () => {
  await sleep(1_500);
  return 'result';
});
const server = createHTTPServer({ router: t.router({ one: slow, other: slow }) });
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${server.address().port}`;

/** How a call ends that is aborted after 300 ms: alone, beside a call of the same tick, or together with it. */
async function abort(link, other) {
  const client = createTRPCClient({ links: [link({ url })] });
  const controller = new AbortController();
  const { signal } = controller;
  const begun = performance.now();
  const others = other === 'none' ? [] : [client.other.query(undefined, other === 'aborted' ? { signal } : {})];
  const call = client.one.query(undefined, { signal }).then(
    (value) => value,
    (error) => error.cause?.name ?? error.name,
  );
  setTimeout(() => controller.abort(), 300);
  const end = await call;
  const when = performance.now() - begun < 1_000 ? 'at once' : 'at the end';
  await Promise.allSettled(others);
  return `${end} ${when}`;
}
const seen = {};
for (const link of [httpLink, httpBatchLink, httpBatchStreamLink]) {
  seen[link.name] = {
    alone: await abort(link, 'none'),
    beside: await abort(link, 'goes on'),
    together: await abort(link, 'aborted'),
  };
}
console.log(seen);
server.close();
const [rejects, resolves] = ['AbortError at once', 'result at the end'];
const asSeen = isDeepStrictEqual(seen, {
  httpLink: { alone: rejects, beside: rejects, together: rejects },
  httpBatchLink: { alone: rejects, beside: resolves, together: rejects },
  httpBatchStreamLink: { alone: rejects, beside: resolves, together: rejects },
});
console.log(asSeen ? 'as seen before' : 'CHANGED');
process.exit(asSeen ? 0 : 1);
JS
node try.mjs

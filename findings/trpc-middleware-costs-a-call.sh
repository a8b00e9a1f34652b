#!/usr/bin/env bash
# Software: @trpc/server 11.25.2.
# Guess:    a middleware that does nothing but `next()` adds a tenth to a procedure call: a function and a promise.
# Seen:     it takes about twice as long as the whole call does without it. Each middleware copies the options of the
#           call, on its way in and again in `next`, and the published build copies by a helper, member by member, with
#           keys and symbols listed anew: two such copies for a call, and four more for each middleware. Times are
#           printed, and not judged: on a busy machine they say little.
# So:       what can be decided in one middleware should not be done in three; to compare a guard with no guard at all
#           measures mostly this.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @trpc/server@11.25.2 >/dev/null || exit 2
cat > try.mjs <<'JS'
import { initTRPC } from '@trpc/server';

const t = initTRPC.create();
const through = t.procedure.use(({ next }) => next());
const procedures = [
  t.procedure.query(() => 'answer'),
  through.query(() => 'answer'),
  through.use(({ next }) => next()).query(() => 'answer'),
];
const call = (procedure) =>
  procedure({ path: 'one', type: 'query', ctx: {}, batchIndex: 0, signal: undefined, getRawInput: async () => undefined });

/** How often the symbols of an object are listed, which only the helper does. */
async function copiesIn(procedure) {
  const { getOwnPropertySymbols } = Object;
  let copies = 0;
  Object.getOwnPropertySymbols = (from) => {
    copies += 1;
    return getOwnPropertySymbols(from);
  };
  await call(procedure);
  Object.getOwnPropertySymbols = getOwnPropertySymbols;
  return copies;
}

/** Microseconds for a call, the least of several rounds in turns. */
const least = procedures.map(() => Infinity);
for (let round = 0; round < 12; round += 1) {
  for (const [at, procedure] of procedures.entries()) {
    const began = performance.now();
    for (let calls = 0; calls < 10_000; calls += 1) await call(procedure);
    least[at] = Math.min(least[at], (performance.now() - began) / 10);
  }
}
const copies = [];
for (const procedure of procedures) copies.push(await copiesIn(procedure));
console.log('copies of an object in a call, with 0, 1 and 2 middlewares:', copies.join(' '));
console.log('microseconds for a call:', least.map((each) => each.toFixed(2)).join(' '));
const asSeen = copies.join(' ') === '2 6 10';
console.log(asSeen ? 'as seen before' : 'CHANGED');
process.exit(asSeen ? 0 : 1);
JS
node try.mjs

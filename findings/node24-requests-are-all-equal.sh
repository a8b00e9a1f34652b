#!/usr/bin/env bash
# Software: Node.js 24.21.0 (util.isDeepStrictEqual, which assert.deepStrictEqual uses), @vitest/expect 4.1.12.
# Guess:    two Requests to different addresses, two Responses of different status, and two FormData with different
#           fields are not deeply equal.
# Seen:     they are: any two of a kind are, Headers included, for the state is in private fields, which no comparison
#           sees. Node 20.20.2 still told Request, Response and FormData apart, so that an assertion on them
#           that was sound there passes always after the upgrade. URLs are compared rightly. vitest goes by what can
#           be iterated, which saves Headers and FormData; to its `toEqual` and `toStrictEqual` two different
#           Requests, or Responses, are equal.
# So:       compare what is meant: url, method, status, [...headers], await text().
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund node@24.21.0 @vitest/expect@4.1.12 >/dev/null || exit 2
cat > try.mjs <<'JS'
import { chai, JestChaiExpect } from '@vitest/expect';
import { isDeepStrictEqual } from 'node:util';

chai.use(JestChaiExpect); // what makes the `expect` of vitest
const form = (name) => {
  const data = new FormData();
  data.set(name, '1');
  return data;
};
const PAIRS = {
  Request: [new Request('http://one.test/'), new Request('http://two.test/', { method: 'DELETE' })],
  Response: [new Response('one'), new Response('two', { status: 500 })],
  FormData: [form('one'), form('two')],
  Headers: [new Headers({ one: '1' }), new Headers({ two: '2' })],
  URL: [new URL('http://one.test/'), new URL('http://two.test/')],
};
const passes = (check) => {
  try {
    check();
    return true;
  } catch {
    return false;
  }
};
const WAYS = {
  isDeepStrictEqual,
  toEqual: (one, two) => passes(() => chai.expect(one).toEqual(two)),
  toStrictEqual: (one, two) => passes(() => chai.expect(one).toStrictEqual(two)),
};
const seen = {};
for (const [way, equal] of Object.entries(WAYS)) {
  seen[way] = Object.keys(PAIRS).filter((name) => equal(...PAIRS[name])).join(' ');
}
console.log(process.version, 'held for equal, though different:', seen);
const asSeen = isDeepStrictEqual(seen, {
  isDeepStrictEqual: 'Request Response FormData Headers',
  toEqual: 'Request Response',
  toStrictEqual: 'Request Response',
});
console.log(asSeen ? 'as seen before' : 'CHANGED');
process.exit(asSeen ? 0 : 1);
JS
node_modules/node/bin/node try.mjs

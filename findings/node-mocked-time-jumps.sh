#!/usr/bin/env bash
# Software: Node.js (seen on 20.20.2 and 24.21.0), node:test mock.timers; beside it @sinonjs/fake-timers 15.1.0.
# Guess:    `tick(1000)` is as if a second passed: a timeout that sets itself again each 100 ms runs ten times, and each
#           run sees its own time; `refresh()` starts a timeout anew; a timeout runs once.
# Seen:     the clock is set to the end before anything runs. The chain runs once, at "1000". Five beats of an interval
#           in one tick(500) all read 500. `refresh()` does nothing: a timeout of 100 ms that is refreshed at 60
#           fires at 100. And a timeout that is reached exactly and calls setImmediate runs a second time: the
#           immediate goes before it in the queue, where only the first entry is taken for the one that ran.
#           fake-timers, which vitest and jest use, does what was guessed.
# So:       with mock.timers tick in the smallest step that the code waits for, and test code that refreshes timeouts
#           with another clock.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @sinonjs/fake-timers@15.1.0 >/dev/null || exit 2
cat > try.mjs <<'JS'
import FakeTimers from '@sinonjs/fake-timers';
import { mock } from 'node:test';
import { isDeepStrictEqual } from 'node:util';

const APIS = ['setTimeout', 'setInterval', 'setImmediate', 'Date'];
const CLOCKS = {
  'node:test'() {
    mock.timers.enable({ apis: APIS, now: 0 });
    return { tick: (ms) => mock.timers.tick(ms), end: () => mock.timers.reset() };
  },
  'fake-timers'() {
    const clock = FakeTimers.install({ now: 0, toFake: APIS });
    return { tick: (ms) => clock.tick(ms), end: () => clock.uninstall() };
  },
};
const TRIES = {
  'chain of 100 ms, tick(1000)'(tick) {
    const at = [];
    const beat = () => {
      at.push(Date.now());
      setTimeout(beat, 100);
    };
    setTimeout(beat, 100);
    tick(1_000);
    return at.join(' ');
  },
  'interval of 100 ms, tick(500)'(tick) {
    const at = [];
    setInterval(() => at.push(Date.now()), 100);
    tick(500);
    return at.join(' ');
  },
  'timeout of 100 ms, refreshed at 60'(tick) {
    let at;
    const timeout = setTimeout(() => (at = Date.now()), 100);
    tick(60);
    timeout.refresh();
    for (let n = 0; n < 20; n += 1) tick(10);
    return `fired at ${at}`;
  },
  'timeout that calls setImmediate once'(tick) {
    let runs = 0;
    setTimeout(() => {
      runs += 1;
      if (runs === 1) setImmediate(() => {});
    }, 100);
    tick(100);
    return `ran ${runs}`;
  },
};
const seen = {};
for (const [clockName, start] of Object.entries(CLOCKS)) {
  seen[clockName] = {};
  for (const [name, attempt] of Object.entries(TRIES)) {
    const { tick, end } = start();
    seen[clockName][name] = attempt(tick);
    end();
  }
}
console.log(process.version, seen);
const [chain, interval, refreshed, once] = Object.keys(TRIES);
const asSeen = isDeepStrictEqual(seen, {
  'node:test': {
    [chain]: '1000',
    [interval]: '500 500 500 500 500',
    [refreshed]: 'fired at 100',
    [once]: 'ran 2',
  },
  'fake-timers': {
    [chain]: '100 200 300 400 500 600 700 800 900 1000',
    [interval]: '100 200 300 400 500',
    [refreshed]: 'fired at 160',
    [once]: 'ran 1',
  },
});
console.log(asSeen ? 'as seen before' : 'CHANGED');
process.exit(asSeen ? 0 : 1);
JS
node try.mjs

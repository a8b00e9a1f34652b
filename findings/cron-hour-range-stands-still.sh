#!/usr/bin/env bash
# Software: cron-parser 5.10.3 (which BullMQ uses), croner 11.0.1, cron 4.4.0, each by the rules of New York.
# Guess:    `*/30 0-22 * * *` is `*/30 * * * *` but for the last hour of the day, so in the night in which the clock
#           goes back both run each half hour, or both leave out the repeated hour; and the libraries agree.
# Seen:     cron-parser runs `*` through both passes of the hour, but with the range it stands still for 90 minutes:
#           it leaves a repeated hour out unless all 24 hours are meant. croner and cron go on in both. In the
#           night in which the clock goes forward it is cron that differs: `15 0-22 * * *` and `15 * * * *` run
#           at 03:00 as well, a minute that was not asked for, in place of the hour that does not exist.
# So:       what must run at a steady pace gets an interval, or a time zone without such nights.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund cron-parser@5.10.3 croner@11.0.1 cron@4.4.0 luxon@3.7.2 >/dev/null || exit 2
cat > try.mjs <<'JS'
import { CronTime } from 'cron';
import { CronExpressionParser } from 'cron-parser';
import { Cron } from 'croner';
import { DateTime } from 'luxon';
import { isDeepStrictEqual } from 'node:util';

const tz = 'America/New_York';
const NEXT = {
  'cron-parser': (expression, from) =>
    CronExpressionParser.parse(expression, { tz, currentDate: from }).next().toDate(),
  croner: (expression, from) => new Cron(expression, { timezone: tz, paused: true }).nextRun(from),
  cron: (expression, from) =>
    new CronTime(expression, tz).getNextDateFrom(DateTime.fromJSDate(from, { zone: tz }), tz).toJSDate(),
};
/** The runs of that night, as the clocks of New York show them. */
function runs(library, expression, from, until) {
  const times = [];
  for (let at = new Date(from); times.length < 20; ) {
    at = NEXT[library](expression, at);
    if (at > new Date(until)) break;
    times.push(DateTime.fromJSDate(at, { zone: tz }).toFormat('HH:mm'));
  }
  return times.join(' ');
}
const seen = { back: {}, forward: {} };
for (const library of Object.keys(NEXT)) {
  for (const expression of ['*/30 * * * *', '*/30 0-22 * * *']) {
    (seen.back[expression] ??= {})[library] = runs(library, expression, '2026-11-01T04:45Z', '2026-11-01T07:45Z');
  }
  for (const expression of ['15 * * * *', '15 0-22 * * *']) {
    (seen.forward[expression] ??= {})[library] = runs(library, expression, '2026-03-08T05:45Z', '2026-03-08T08:45Z');
  }
}
console.log(seen);
const steady = '01:00 01:30 01:00 01:30 02:00 02:30';
const forward = { 'cron-parser': '01:15 03:15 04:15', croner: '01:15 03:15 04:15', cron: '01:15 03:00 03:15 04:15' };
const asSeen = isDeepStrictEqual(seen, {
  back: {
    '*/30 * * * *': { 'cron-parser': steady, croner: steady, cron: steady },
    '*/30 0-22 * * *': { 'cron-parser': '01:00 01:30 02:00 02:30', croner: steady, cron: steady },
  },
  forward: { '15 * * * *': forward, '15 0-22 * * *': forward },
});
console.log(asSeen ? 'as seen before' : 'CHANGED');
process.exit(asSeen ? 0 : 1);
JS
node try.mjs

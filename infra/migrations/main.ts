/**
 * `npm run migrations`: each migration is applied while requests go on, and what they notice of it.
 *
 *   --sessions N   in the database of auth; 300000
 *
 * Ends with 1 for a deadlock, for a request that waits longer than a second for a migration, and for one
 * that fails otherwise than a client tries again; with 2 for a number that is none.
 */
import { parseArgs } from 'node:util';
import { offencesOf, type Tried } from './offences.ts';
import { tryAll } from './try-all.ts';

const BEFORE_MS = 3_000;

const { values } = parseArgs({
  options: { sessions: { type: 'string', default: '300000' } },
});
const sessions = Number(values.sessions);
if (Number.isSafeInteger(sessions) && sessions >= 100) process.exit(await main());
console.error('--sessions is a number from 100');
process.exit(2);

async function main(): Promise<number> {
  const offences: string[] = [];
  console.log(
    `  ${sessions} sessions; the longest request before a migration and during it, in ms`,
  );
  await tryAll({ sessions, beforeMs: BEFORE_MS }, (tried) => {
    console.log(lineOf(tried));
    offences.push(...offencesOf(tried));
  });
  for (const offence of offences) console.error(`  ${offence}`);
  console.log(`\n  ${offences.length === 0 ? 'held' : `${offences.length} violated`}`);
  return offences.length === 0 ? 0 : 1;
}

function lineOf({ name, before, during, waited, deadlocks, seconds }: Tried): string {
  const failed = [...during.failures].map(([code, count]) => `${count} × ${code}`).join(', ');
  return [
    `  ${name.padEnd(46)}`,
    `before ${before.longest.toFixed(0).padStart(5)} (of ${before.requests})`,
    `during ${during.longest.toFixed(0).padStart(5)} (of ${during.requests} in ${seconds.toFixed(1)} s)`,
    `waited for it ${waited.toFixed(0).padStart(4)}`,
    `deadlocks ${deadlocks}`,
    `failed ${failed === '' ? 'none' : failed}`,
  ].join('  ');
}

/**
 * `npm run alerts`: a real Prometheus scrapes two instances of auth, two of user and one of admin, with the rules of the
 * chart, and each alert is made to fire by its cause, and to clear.
 *
 *   ALERT …   only the causes of these
 *   --list    names them all
 *
 * Ranges, offsets and `for` of the rules are 30 times shorter than in the chart; what they ask and compare is the same.
 * Ends with 1 when an alert did not fire, did not clear, or fired before anything was done, and when a panel asks for
 * what there is not.
 */
import { parseArgs } from 'node:util';
import { CAUSES } from './causes/catalogue.ts';
import { runAlerts } from './run-alerts.ts';

const { values, positionals } = parseArgs({
  options: { list: { type: 'boolean', default: false }, programs: { type: 'string' } },
  allowPositionals: true,
});
// Not merely the exit code: what hung may go on.
process.exit(await main());

async function main(): Promise<number> {
  if (values.list) {
    for (const { name, alerts } of CAUSES) {
      for (const alert of alerts) console.log(`  ${alert.padEnd(34)}${name}`);
    }
    return 0;
  }
  const causes = CAUSES.filter(
    ({ alerts }) => positionals.length === 0 || alerts.some((alert) => positionals.includes(alert)),
  );
  return (await runAlerts(values.programs ?? '', causes)) ? 0 : 1;
}

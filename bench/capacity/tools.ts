/**
 * What needs no server, of `npm run capacity`:
 *
 *   size                 what a system needs, worked out from what was measured
 *     --users N          10,000 unless given
 *     --logins-an-hour N 1,000 unless given, and as many logouts
 *     --verifiers N      3 unless given
 *     --refreshes N      of each login; 6 unless given
 *     --instances N      of auth; 2 unless given
 *     --regions N        1 unless given
 *   plots FILE           SVGs of what `--json FILE` has written
 *     --into FOLDER      docs/capacity unless given
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { plotsOf } from './plots/plots.ts';
import { sizeText } from './sizing/print.ts';

const { values, positionals } = parseArgs({
  options: {
    users: { type: 'string', default: '10000' },
    'logins-an-hour': { type: 'string', default: '1000' },
    verifiers: { type: 'string', default: '3' },
    refreshes: { type: 'string', default: '6' },
    instances: { type: 'string', default: '2' },
    regions: { type: 'string', default: '1' },
    into: { type: 'string', default: 'docs/capacity' },
  },
  allowPositionals: true,
});
const [tool, file] = positionals;
if (tool === 'plots') drawPlots();
else printSize();

function printSize(): void {
  console.log(
    sizeText({
      users: Number(values.users),
      loginsAnHour: Number(values['logins-an-hour']),
      verifiers: Number(values.verifiers),
      refreshesALogin: Number(values.refreshes),
      instances: Number(values.instances),
      regions: Number(values.regions),
    }),
  );
}

function drawPlots(): void {
  if (file === undefined) {
    console.error('which FILE? One that npm run capacity -- --json FILE has written');
    process.exitCode = 2;
    return;
  }
  mkdirSync(values.into, { recursive: true });
  for (const [name, svg] of plotsOf(JSON.parse(readFileSync(file, 'utf8')))) {
    writeFileSync(join(values.into, name), svg);
    console.log(join(values.into, name));
  }
}

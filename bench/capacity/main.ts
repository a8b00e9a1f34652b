/**
 * `npm run capacity [part …]`: how much of each kind of work auth does, beside another commit of it, in turns.
 *
 *   --list             names the parts
 *   --short            one round, few calls: a look whether it runs, not a figure
 *   --rounds N         5 unless given
 *   --checkout FOLDER  the other commit, installed and built; infra/capacity.ts makes it of `--at COMMIT`
 *   --largest N        flatness: up to 10^N sessions; 6 unless given
 *   --json FILE        writes the figures there
 */
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { MEASUREMENTS } from './catalogue.ts';

const { values, positionals } = parseArgs({
  options: {
    list: { type: 'boolean', default: false },
    short: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    checkout: { type: 'string' },
    largest: { type: 'string', default: '6' },
    json: { type: 'string' },
  },
  allowPositionals: true,
});
process.exitCode = await main();

async function main(): Promise<number> {
  if (values.list) {
    for (const { name, about, onlyNamed } of MEASUREMENTS) {
      console.log(`  ${name.padEnd(18)}${about}${onlyNamed === true ? '; only when named' : ''}`);
    }
    return 0;
  }
  const wanted = MEASUREMENTS.filter(({ name, onlyNamed }) =>
    positionals.length === 0 ? onlyNamed !== true : positionals.includes(name),
  );
  const figures: Record<string, unknown> = {};
  const { short, checkout } = values;
  for (const { name, about, run } of wanted) {
    // What else the machine has to do is part of every figure.
    console.log(`\n${name}: ${about} (load ${loadavg()[0]?.toFixed(1)})`);
    const [rounds, largest] = [Number(values.rounds), Number(values.largest)];
    const outcome = await run({ rounds, short, checkout, largest, progress });
    progress('');
    console.log(outcome.table);
    figures[name] = outcome.figures;
  }
  console.log(
    `\n  node ${process.version}, ${cpus().length} cores; medians (least–most) of rounds`,
  );
  if (values.json !== undefined) {
    const machine = { node: process.version, cores: cpus().length, at: new Date().toISOString() };
    writeFileSync(values.json, `${JSON.stringify({ machine, ...figures }, null, 2)}\n`);
  }
  return 0;
}

/** One line that is written over, where a terminal shows it. */
function progress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`);
}

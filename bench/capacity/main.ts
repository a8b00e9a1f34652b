/**
 * `npm run capacity [part …]`: how much of each kind of work auth does, beside another commit of it, in turns.
 *
 *   --list             names the parts
 *   --short            one round, few calls: a look whether it runs, not a figure
 *   --rounds N         5 unless given
 *   --checkout FOLDER  the other commit, installed and built; infra/capacity.ts makes it of `--at COMMIT`
 *   --json FILE        writes the figures there
 */
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { measure } from './measure.ts';
import type { Part } from './part.ts';
import { PARTS } from './parts.ts';
import { reportOf, tableOf, type PartReport } from './report.ts';
import { startSubject, type Subject, type SubjectOptions } from './subject.ts';

const SHORT = { rounds: 1, share: 0.05 };

const { values, positionals } = parseArgs({
  options: {
    list: { type: 'boolean', default: false },
    short: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    checkout: { type: 'string' },
    json: { type: 'string' },
  },
  allowPositionals: true,
});
process.exitCode = await main();

async function main(): Promise<number> {
  if (values.list) {
    for (const { name, about } of PARTS) console.log(`  ${name.padEnd(18)}${about}`);
    return 0;
  }
  const parts =
    positionals.length === 0 ? PARTS : PARTS.filter(({ name }) => positionals.includes(name));
  const reports = new Array<PartReport>();
  for (const part of parts) {
    const load = loadavg()[0]?.toFixed(1);
    console.log(`\n${part.name}: ${part.about}; ${part.atOnce} at once (load ${load})`);
    const report = await run(part);
    reports.push(report);
    console.log(tableOf([report]));
  }
  if (reports.length > 1) console.log(`\n${tableOf(reports)}`);
  console.log(`\n  node ${process.version}, ${cpus().length} cores; median (least–most) of rounds`);
  if (values.json !== undefined) {
    const machine = { node: process.version, cores: cpus().length, at: new Date().toISOString() };
    writeFileSync(values.json, `${JSON.stringify({ machine, parts: reports }, null, 2)}\n`);
  }
  return 0;
}

async function run(part: Part): Promise<PartReport> {
  const { checkout } = values;
  const wanted: SubjectOptions[] = [{ name: 'ours' }, { name: 'ours again' }];
  if (checkout !== undefined) wanted.push({ name: 'former', checkout });
  const subjects = new Array<Subject>();
  try {
    for (const options of wanted) subjects.push(await startSubject(options));
    const { rounds, share } = values.short ? SHORT : { rounds: Number(values.rounds), share: 1 };
    const standings = await measure(part, subjects, { rounds, share, progress });
    progress('');
    return reportOf(part, standings);
  } finally {
    for (const subject of subjects) await subject[Symbol.asyncDispose]();
  }
}

/** One line that is written over, where somebody looks on. */
function progress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`);
}

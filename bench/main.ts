/**
 * `npm run bench [name …]`: all benchmarks, or these.
 *
 *   --list   names them all; a name before the slash stands for all that begin with it
 *   --short  fewer rounds and entries: a look whether it runs, not a figure
 *   --alg ALG      verify/cold, token/sign: this algorithm alone
 *   --at COMMIT    verify/cold: beside that commit's verifier; infra/bench.ts makes it `--checkout FOLDER`
 *   --node PATH    another Node, for all processes of the benchmark; infra/bench.ts heeds it
 */
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { BENCHMARKS, benchmarksNamed } from './catalogue.ts';

const { values, positionals } = parseArgs({
  options: {
    list: { type: 'boolean', default: false },
    short: { type: 'boolean', default: false },
    alg: { type: 'string' },
    checkout: { type: 'string' },
  },
  allowPositionals: true,
});
process.exitCode = await main();

async function main(): Promise<number> {
  if (values.list) {
    for (const { name, about } of BENCHMARKS) console.log(`  ${name.padEnd(24)}${about}`);
    return 0;
  }
  const unknown = positionals.filter((word) => benchmarksNamed(word).length === 0);
  if (unknown.length > 0) {
    console.error(`not a benchmark: ${unknown.join(', ')}; --list names them`);
    return 2;
  }
  const wanted = positionals.length === 0 ? BENCHMARKS : positionals.flatMap(benchmarksNamed);
  for (const { name, about, run } of wanted) {
    // What else the machine has to do is part of every figure.
    const load = loadavg()[0]?.toFixed(1);
    console.log(
      `\n${name}: ${about} (node ${process.version}, ${cpus().length} cores, load ${load})`,
    );
    await run(values);
  }
  return 0;
}

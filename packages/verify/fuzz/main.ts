/**
 * `npm run fuzz`: the verifier against tokens that no test names.
 *
 *   --tokens N           mutated ones (1,000,000)
 *   --grammar N          generated ones (100,000)
 *   --seed N             the same tokens again, but for times and keys (1)
 *   --without RULE       a verifier without this rule, until it is caught; `all` for each in turn
 */
import { parseArgs } from 'node:util';
import { fuzz, type FuzzOptions } from './fuzz.ts';
import { createSigner } from './signer.ts';
import { RULES, type Rule } from './without.ts';

/** Compiled code and the like come and go; what is kept for each token would be a hundred times this. */
const MAX_GROWTH_BYTES = 8 * 1024 * 1024;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** @returns whether the verifier kept to the rule */
async function run(options: FuzzOptions): Promise<boolean> {
  const began = performance.now();
  const { tokens, accepted, refused, findings, grownBytes } = await fuzz(options, signer);
  const seconds = (performance.now() - began) / 1_000;
  for (const { what, at, token } of findings) {
    print(`seed ${options.seed}, token ${at}: ${what}: ${JSON.stringify(token)}`);
  }
  print(
    `${tokens} tokens in ${seconds.toFixed(1)} s: ${accepted} accepted, ${refused} refused, ` +
      `${findings.length} against the rule; the heap grew by ${(grownBytes / 1_048_576).toFixed(1)} MB`,
  );
  return findings.length === 0 && grownBytes < MAX_GROWTH_BYTES;
}

/** @returns whether each missing rule was missed */
async function miss(rules: readonly Rule[], options: FuzzOptions): Promise<boolean> {
  let all = true;
  for (const without of rules) {
    const { findings } = await fuzz({ ...options, without, findings: 1 }, signer);
    const [found] = findings;
    print(`without ${without}: ${found === undefined ? 'NOT CAUGHT' : `caught, ${found.what}`}`);
    if (found !== undefined) print(`  at token ${found.at}: ${JSON.stringify(found.token)}`);
    all &&= found !== undefined;
  }
  return all;
}

const { values } = parseArgs({
  options: {
    tokens: { type: 'string', default: '1000000' },
    grammar: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    without: { type: 'string' },
  },
});

function whole(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new TypeError(`--${name} takes a number`);
  return value;
}

const options = {
  seed: whole('seed', values.seed),
  tokens: whole('tokens', values.tokens),
  grammar: whole('grammar', values.grammar),
};
const { without } = values;
const named = without === 'all' ? RULES : RULES.filter((rule) => rule === without);
if (without !== undefined && named.length === 0) {
  process.stderr.write(`npm run fuzz: --without takes one of: ${RULES.join(', ')}, all\n`);
  process.exit(2);
}
await using signer = await createSigner();
const passed = without === undefined ? await run(options) : await miss(named, options);
process.exitCode = passed ? 0 : 1;

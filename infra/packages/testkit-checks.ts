/**
 * How long a file of tests waits for the testkit: to import it with the verifier, as such a file does before its first
 * line, and then to a token that was verified. In turns with a Node that does nothing, each in a process of its own; that
 * one says how busy the machine is, too: where it takes more time than it computes for, times over the limits say nothing
 * of the packages, and are not judged.
 */
import { join } from 'node:path';
import { withOwn } from './pack.ts';
import { Project } from './project.ts';
import type { Stage } from './stage.ts';
import { NotJudged, type Sequence } from './steps.ts';

const ROUNDS = 20;
const LIMITS_MS = { imported: 100, verified: 50 } as const;
/** From how many times as slow as alone it is not judged. */
const BUSY = 1.3;

/** Milliseconds since the process began. */
const PRINT = 'console.log(performance.now());';
const PROGRAMS = {
  // And what it has computed for until then.
  bare: `
    const now = performance.now();
    const { user, system } = process.cpuUsage();
    console.log(now);
    console.log((user + system) / 1_000);`,
  testkit: `
    import { createTestIssuer } from '@portcullis/testkit';
    import { createVerifier } from '@portcullis/verify';
    ${PRINT}
    const issuer = await createTestIssuer({ audience: 'urn:acme:orders' });
    const verifier = await createVerifier({ ...issuer.verifierOptions(), service: 'orders' });
    await verifier.ready();
    await verifier.verify(await issuer.mint());
    ${PRINT}
    await verifier[Symbol.asyncDispose]();
    await issuer[Symbol.asyncDispose]();`,
};

/** One after the other: what runs beside it would be measured too. */
export function testkitChecks({ folder, nodes, tarballs }: Stage): Sequence[] {
  return [
    ['20', '22', '24'].map((node) => ({
      name: `testkit, Node ${node}`,
      node,
      run: async () => {
        const project = new Project(
          join(folder, `testkit-times-${node}`),
          nodes.get(node) ?? process.execPath,
        );
        const used = tarballs.filter((one) => ['testkit', 'verify'].includes(one.folder));
        await project.install([...new Set(used.flatMap((one) => withOwn(one, tarballs)))], {});
        for (const [name, text] of Object.entries(PROGRAMS)) project.write(`${name}.mjs`, text);
        return judge(await measure(project));
      },
    })),
  ];
}

interface Times {
  bare: number;
  /** By what factor the machine is slower than it is for one process alone. */
  slower: number;
  /** Since the process began, in milliseconds. */
  imported: number;
  /** After that. */
  verified: number;
}

async function measure(project: Project): Promise<Times[]> {
  const times: Times[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const [bare = NaN, computed = NaN] = numbersIn(await project.run('bare.mjs'));
    const [imported = NaN, verified = NaN] = numbersIn(await project.run('testkit.mjs'));
    times.push({
      bare,
      slower: Math.max(1, bare / computed),
      imported,
      verified: verified - imported,
    });
  }
  return times;
}

const numbersIn = (text: string): number[] => text.trim().split('\n').map(Number);

/** @throws Error with the medians, when one is over its limit; NotJudged when the machine is too busy to tell */
function judge(times: readonly Times[]): string {
  const bare = times.map((one) => one.bare);
  const imported = times.map((one) => one.imported - median(bare));
  const verified = times.map((one) => one.verified);
  const text =
    `medians of ${times.length}: bare Node ${spread(bare)}; ` +
    `imported ${spread(imported)} later (at most ${LIMITS_MS.imported}); ` +
    `verified ${spread(verified)} later (at most ${LIMITS_MS.verified})`;
  const isWithin = median(imported) <= LIMITS_MS.imported && median(verified) <= LIMITS_MS.verified;
  if (isWithin) return text;
  const slower = median(times.map((one) => one.slower));
  if (slower < BUSY) throw new Error(text);
  throw new NotJudged(`${text}; the machine is busy, ${slower.toFixed(1)} times as slow as alone`);
}

/** The median, and in brackets the least and the most, in milliseconds. */
function spread(values: readonly number[]): string {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return `${median(values).toFixed(0)} ms (${least.toFixed(0)} to ${most.toFixed(0)})`;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = NaN, high = NaN] = [sorted[middle - 1], sorted[middle]];
  return sorted.length % 2 === 0 ? (low + high) / 2 : high;
}

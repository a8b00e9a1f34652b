/**
 * How long a file of tests waits for the testkit: to import it with the verifier, as such a file does before its first
 * line, and then to a token that was verified. In turns with a Node that does nothing, and with one that loads the modules
 * of Node that are needed and fetches once; each in a process of its own. The limits are for what is above the latter,
 * which no one can do without. The former says how busy the machine is: where it takes more time than it computes for,
 * times over the limits say nothing of the packages, and are not judged.
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
  node: `
    import 'node:crypto';
    import { once } from 'node:events';
    import { createServer } from 'node:http';
    import 'node:net';
    ${PRINT}
    const server = createServer((request, response) => response.end('{}')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    await (await fetch('http://127.0.0.1:' + server.address().port)).json();
    ${PRINT}
    server.close();
    server.closeAllConnections();`,
  testkit: `
    import { createTestIssuer } from '@portcullis/testkit';
    import { createVerifier } from '@portcullis/verify';
    ${PRINT}
    const issuer = await createTestIssuer({ audience: 'urn:acme:orders' });
    const { issuer: address, audience, revocations } = issuer;
    const feed = revocations.feed();
    const verifier = await createVerifier({ issuer: address, audience, service: 'orders', feed });
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
  /** The same of Node alone. */
  node: { imported: number; fetched: number };
}

async function measure(project: Project): Promise<Times[]> {
  const times: Times[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const [bare = NaN, computed = NaN] = numbersIn(await project.run('bare.mjs'));
    const [loaded = NaN, fetched = NaN] = numbersIn(await project.run('node.mjs'));
    const [imported = NaN, verified = NaN] = numbersIn(await project.run('testkit.mjs'));
    times.push({
      bare,
      slower: Math.max(1, bare / computed),
      imported,
      verified: verified - imported,
      node: { imported: loaded, fetched: fetched - loaded },
    });
  }
  return times;
}

const numbersIn = (text: string): number[] => text.trim().split('\n').map(Number);

/** @throws Error with the medians, when one is over its limit; NotJudged when the machine is too busy to tell */
function judge(times: readonly Times[]): string {
  const bare = times.map((one) => one.bare);
  const imported = part(
    times.map((one) => one.imported - median(bare)),
    times.map((one) => one.node.imported - median(bare)),
    LIMITS_MS.imported,
  );
  const verified = part(
    times.map((one) => one.verified),
    times.map((one) => one.node.fetched),
    LIMITS_MS.verified,
  );
  const text = `medians of ${times.length}: bare Node ${spread(bare)}; imported ${imported.text}; verified ${verified.text}`;
  if (imported.isWithin && verified.isWithin) return text;
  const slower = median(times.map((one) => one.slower));
  if (slower < BUSY) throw new Error(text);
  throw new NotJudged(`${text}; the machine is busy, ${slower.toFixed(1)} times as slow as alone`);
}

/** @param ofNode what Node alone takes of it */
function part(all: readonly number[], ofNode: readonly number[], limit: number) {
  const ours = median(all) - median(ofNode);
  return {
    text: `${spread(all)} later, ${ours.toFixed(0)} ms of it ours (at most ${limit}), the rest Node's own`,
    isWithin: ours <= limit,
  };
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

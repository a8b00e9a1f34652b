/**
 * A protected tRPC call, over HTTP, beside the same call without protection and with other ways to
 * find out who calls.
 *
 * One process differs from the next by more than what is to be measured. So contenders live in one (all
 * but better-auth, which would slow down the others), and are called in turns by another; and as a
 * process keeps what its compiler has once decided, all of it is done again in fresh ones.
 */
import { Disposal } from '@portcullis/service';
import { createTestBed, testServers, Worker, type DatabaseRecipe } from '@portcullis/testbed';
import { z } from 'zod';
import type { RunOptions } from '../benchmark.ts';
import { comparisonOf, medianRatio, type Aim } from '../comparison.ts';
import { inTurns, together, type Cost, type Standing } from '../rounds.ts';
import {
  callable,
  loadResult,
  processorTime,
  type Callable,
  type LoadQuestion,
  type ProcedureName,
  type ServerSettings,
  type StackName,
} from './call-settings.ts';

const OPEN = 'open, the same request';
const OPEN_AIM: Aim = { against: OPEN, atLeast: 0.95 };
/** Ahead of all others. */
const OTHERS = [
  'Redis, EXISTS',
  'Postgres, a session row',
  'better-auth, getSession',
  'better-auth, cookie cache',
];
const AIMS = [OPEN_AIM, ...OTHERS.map((against) => ({ against, atLeast: 1 }))];
const DATABASE: DatabaseRecipe = { name: 'bench', sources: [], migrate: async () => {} };

/** What one table compares. */
interface Arrangement {
  readonly about: string;
  readonly stacks: readonly StackName[];
  readonly procedure: ProcedureName;
  readonly aims: readonly Aim[];
}

/** As the target reads, and as procedures mostly are; guards.ts says what that does. */
const ARRANGEMENTS: readonly Arrangement[] = [
  {
    about: "tRPC's own server, a procedure that waits for nothing",
    stacks: ['trpc', 'better-auth'],
    procedure: 'at-once',
    aims: AIMS,
  },
  {
    about: "tRPC's own server, a procedure that waits for a turn of the event loop",
    stacks: ['trpc', 'better-auth'],
    procedure: 'next-turn',
    aims: AIMS,
  },
  {
    about: "the stack of this repository's services",
    stacks: ['service'],
    procedure: 'at-once',
    aims: [OPEN_AIM],
  },
];

/** In the process of its server. */
interface Contender extends Callable {
  readonly server: Worker;
}

interface Size {
  readonly starts: number;
  readonly callers: number;
  readonly revoked: number;
  readonly connections: number;
  readonly ms: number;
  /** Before any counts, of each. */
  readonly warmUpCalls: number;
  readonly rounds: number;
}

const WHOLE: Size = {
  starts: 3,
  callers: 250,
  revoked: 1_000_000,
  connections: 16,
  ms: 50,
  warmUpCalls: 5_000,
  rounds: 100,
};
const SHORT: Size = {
  starts: 2,
  callers: 10,
  revoked: 20_000,
  connections: 4,
  ms: 100,
  warmUpCalls: 50,
  rounds: 3,
};

export async function benchCall({ short }: RunOptions): Promise<void> {
  const size = short ? SHORT : WHOLE;
  await using load = await Worker.start({ entry: 'bench/verify/load-process.ts', settings: null });
  for (const arrangement of ARRANGEMENTS) await compare(load, size, arrangement);
}

async function compare(load: Worker, size: Size, arrangement: Arrangement): Promise<void> {
  const { about, aims } = arrangement;
  const starts: (readonly Standing[])[] = [];
  for (let n = 0; n < size.starts; n += 1) starts.push(await measureOnce(load, size, arrangement));
  console.log(
    `\n  a call, ${about}; median of ${size.starts} starts of ${size.rounds} rounds of ${size.ms} ms, ` +
      `${size.connections} connections, ${size.callers} callers`,
  );
  console.log(comparisonOf(together(starts), aims));
  const each = starts.map((standings) => medianRatio(standings, OPEN).toFixed(3));
  console.log(`  beside "${OPEN}", start by start: ${each.join('  ')}`);
}

/** Processes that are started, called and ended. */
async function measureOnce(
  load: Worker,
  size: Size,
  { stacks, procedure }: Arrangement,
): Promise<Standing[]> {
  const { callers, revoked, connections, ms, warmUpCalls, rounds } = size;
  await using bed = await createTestBed({
    databases: { sessions: DATABASE, betterAuth: DATABASE, betterAuthCookieCache: DATABASE },
  });
  const { prefix, databaseUrls } = bed;
  const { redisUrl } = testServers();
  const contenders: Contender[] = [];
  await using servers = new Disposal();
  for (const stack of stacks) {
    const settings: ServerSettings = {
      stack,
      procedure,
      callers,
      revoked,
      redisUrl,
      prefix,
      databaseUrls,
    };
    const server = servers.use(
      await Worker.start({ entry: 'bench/verify/call-process.ts', settings }),
    );
    const callables = z.array(callable).parse(await server.ask('start'));
    contenders.push(...callables.map((one) => ({ ...one, server })));
  }
  for (const each of contenders) await demandRefusal(each);
  return await inTurns(contenders, { warmUps: 1, rounds }, (contender, round) => {
    const how = round === 0 ? { ms: 0, atLeast: warmUpCalls } : { ms, atLeast: 1 };
    return callFor(load, contender, { connections, ...how });
  });
}

async function callFor(
  load: Worker,
  { server, port, path, calls }: Contender,
  how: Pick<LoadQuestion, 'connections' | 'ms' | 'atLeast'>,
): Promise<Cost> {
  const question: LoadQuestion = { port, path, calls, ...how };
  const before = processorTime.parse(await server.ask('processor'));
  const { calls: made, ms } = loadResult.parse(await load.ask(question));
  const used = processorTime.parse(await server.ask('processor')) - before;
  return { clock: (ms * 1_000) / made, processor: used / made };
}

/** @throws Error for one that lets in who must be refused */
async function demandRefusal({ name, port, path, forged }: Callable): Promise<void> {
  if (forged === null) return;
  for (const headers of [forged, {}]) {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
    await response.body?.cancel();
    if (response.status !== 401) throw new Error(`${name} lets in whom it must not`);
  }
}

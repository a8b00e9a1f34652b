/**
 * A protected tRPC call, over HTTP, beside the same call without protection and with other ways to
 * find out who calls.
 *
 * Each server is a process of its own, and so is whoever calls them; they are called in turns.
 */
import { createTestBed, testServers, Worker, type DatabaseRecipe } from '@portcullis/testkit';
import type { RunOptions } from '../catalogue.ts';
import { comparisonOf, type Aim } from '../comparison.ts';
import { inTurns, type Cost } from '../rounds.ts';
import {
  callable,
  loadResult,
  processorTime,
  type Call,
  type Callable,
  type GuardName,
  type LoadQuestion,
  type ServerSettings,
} from './call-settings.ts';

interface Called {
  readonly name: string;
  readonly guard: GuardName;
  /** Nothing that says who calls is sent. */
  readonly bare?: true;
}

const OPEN = 'open, the same request';
const LEAN: readonly Called[] = [
  { name: 'portcullis', guard: 'portcullis' },
  { name: OPEN, guard: 'open' },
  { name: 'open, without a token', guard: 'open', bare: true },
  { name: 'Redis, EXISTS', guard: 'redis' },
  { name: 'Postgres, a session row', guard: 'postgres' },
  { name: 'better-auth, getSession', guard: 'better-auth' },
  { name: 'better-auth, cookie cache', guard: 'better-auth-cookie-cache' },
];
const SERVICE: readonly Called[] = [
  { name: 'portcullis', guard: 'service-portcullis' },
  { name: OPEN, guard: 'service-open' },
];
const OPEN_AIM: Aim = { against: OPEN, atLeast: 0.95 };
/** Ahead of all others. */
const LEAN_AIMS: readonly Aim[] = [
  OPEN_AIM,
  ...LEAN.slice(3).map(({ name }) => ({ against: name, atLeast: 1 })),
];
const EMPTY_DATABASE: DatabaseRecipe = { name: 'bench', sources: [], migrate: async () => {} };

interface Size {
  readonly callers: number;
  readonly revoked: number;
  readonly connections: number;
  readonly ms: number;
  /** Before any counts, of each. */
  readonly warmUpCalls: number;
  readonly rounds: number;
}

export async function benchCall({ short }: RunOptions): Promise<void> {
  const size: Size = short
    ? { callers: 10, revoked: 20_000, connections: 4, ms: 100, warmUpCalls: 50, rounds: 3 }
    : {
        callers: 250,
        revoked: 1_000_000,
        connections: 16,
        ms: 1_000,
        warmUpCalls: 5_000,
        rounds: 20,
      };
  await using load = await Worker.start({ entry: 'bench/verify/load-process.ts', settings: null });
  await benchServers(load, size, { about: "tRPC's own server", called: LEAN, aims: LEAN_AIMS });
  const about = "the stack of this repository's services";
  await benchServers(load, size, { about, called: SERVICE, aims: [OPEN_AIM] });
}

interface Comparison {
  readonly about: string;
  readonly called: readonly Called[];
  readonly aims: readonly Aim[];
}

async function benchServers(load: Worker, size: Size, comparison: Comparison): Promise<void> {
  const { about, called, aims } = comparison;
  await using servers = new Servers(size);
  const contenders = [];
  for (const { name, guard, bare } of called) {
    const server = await servers.running(guard);
    const calls = bare === true ? withoutHeaders(server.callable.calls) : server.callable.calls;
    contenders.push({ name, server, calls });
  }
  const { connections, ms, warmUpCalls, rounds } = size;
  const standings = await inTurns(
    contenders,
    { warmUps: 1, rounds },
    ({ server, calls }, round) => {
      const how = round === 0 ? { ms: 0, atLeast: warmUpCalls } : { ms, atLeast: 1 };
      return callFor(load, server, { calls, connections, ...how });
    },
  );
  console.log(
    `\n  a call, ${about}; median of ${size.rounds} rounds of ${size.ms} ms, ` +
      `${size.connections} connections, ${size.callers} callers`,
  );
  console.log(comparisonOf(standings, aims));
}

interface Server {
  readonly worker: Worker;
  readonly callable: Callable;
}

async function callFor(
  load: Worker,
  { worker, callable: { port, path } }: Server,
  how: Omit<LoadQuestion, 'port' | 'path'>,
): Promise<Cost> {
  const question: LoadQuestion = { port, path, ...how };
  const before = processorTime.parse(await worker.ask('processor'));
  const { calls, ms } = loadResult.parse(await load.ask(question));
  const used = processorTime.parse(await worker.ask('processor')) - before;
  return { clock: (ms * 1_000) / calls, processor: used / calls };
}

/** Servers that were started, each once and with a database to itself. */
class Servers implements AsyncDisposable {
  readonly #size: Size;
  readonly #running = new Map<GuardName, Server>();
  readonly #owned: AsyncDisposable[] = [];

  constructor(size: Size) {
    this.#size = size;
  }

  /** @throws Error for one that lets in who must be refused */
  async running(guard: GuardName): Promise<Server> {
    const known = this.#running.get(guard);
    if (known !== undefined) return known;
    const bed = await createTestBed({ databases: { bench: EMPTY_DATABASE } });
    this.#owned.push(bed);
    const settings: ServerSettings = {
      guard,
      callers: this.#size.callers,
      revoked: this.#size.revoked,
      redisUrl: testServers().redisUrl,
      prefix: bed.prefix,
      databaseUrl: bed.databaseUrls.bench,
    };
    const worker = await Worker.start({ entry: 'bench/verify/call-process.ts', settings });
    this.#owned.push(worker);
    const server = { worker, callable: callable.parse(await worker.ask('start')) };
    await demandRefusal(guard, server.callable);
    this.#running.set(guard, server);
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of this.#owned.toReversed()) await one[Symbol.asyncDispose]();
  }
}

async function demandRefusal(guard: GuardName, { port, path, forged }: Callable): Promise<void> {
  if (forged === null) return;
  for (const headers of [forged, {}]) {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
    await response.body?.cancel();
    if (response.status !== 401) throw new Error(`${guard} lets in whom it must not`);
  }
}

function withoutHeaders(calls: readonly Call[]): Call[] {
  return calls.map(({ body }) => ({ headers: {}, body }));
}

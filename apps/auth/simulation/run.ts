/** One seed, one history: the whole system, what goes wrong in it, and whether it kept its word. */
import { Auth } from './auth.ts';
import { Bus } from './bus/bus.ts';
import { Network } from './bus/network.ts';
import { Database } from './database/database.ts';
import { chooseFaults, startFaults } from './fault-kinds.ts';
import { Faults } from './faults.ts';
import { restMs, startEnding } from './ending.ts';
import { Facts } from './guarantees/facts.ts';
import { watchGuarantees } from './guarantees/watch.ts';
import { History, type Violation } from './history.ts';
import type { Setting } from './setting.ts';
import { keepTally, type Tally } from './tally.ts';
import { COMPLETE, type Variant } from './variant.ts';
import { Verifier } from './verifier.ts';
import { startWorkload } from './workload.ts';
import { Machine, MAX_RATE_ERROR } from './world/machine.ts';
import { Random } from './world/random.ts';
import { World } from './world/world.ts';

export interface Run {
  seed: number;
  faults: readonly string[];
  hash: string;
  /** The first one ends the run. */
  violations: readonly Violation[];
  tally: Tally;
}

export interface RunOptions {
  variant?: Variant;
  /** Kinds of faults that do not happen, regardless of the seed. */
  spared?: readonly string[];
  /** Kinds of faults that happen, regardless of the seed. */
  added?: readonly string[];
  trace?: (line: string) => void;
}

const SERVICES = ['user', 'user', 'admin', 'billing'];

export async function run(seed: number, options: RunOptions = {}): Promise<Run> {
  // A refusal is an error, and most calls here are refused; their stack traces are not read.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return await runOnce(seed, options);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

async function runOnce(seed: number, options: RunOptions): Promise<Run> {
  const { variant = COMPLETE, spared = [], added = [], trace } = options;
  const random = new Random(seed);
  const world = new World();
  const history = new History(world, trace);
  const facts = new Facts(history);
  const tally = keepTally(history);
  const rate = (): number => 1 + random.between(-MAX_RATE_ERROR, MAX_RATE_ERROR);
  const database = new Database(world, history, random.fork(), rate());
  const bus = new Bus(new Network(world, random.fork()));
  const longLived = random.chance(0.5);
  const setting: Setting = {
    world,
    history,
    random,
    database,
    bus,
    variant,
    tokenLifeMs: longLived ? 60_000 : random.pick([4_000, 8_000]),
    entryMarginMs: 10_000,
    page: random.pick([5, 40, 500]),
    longestTransactionMs: 0,
    strike: () => {},
  };
  variant.database?.(database);

  const machine = (): Machine =>
    new Machine(world, {
      rate: rate(),
      uptime: random.between(0, 1e7),
      wall: Date.UTC(2026, 0, 1) + random.between(-1, 1) * 600_000,
    });
  const s = random.pick([1_000, 1_500, 2_500]);
  const auths = ['auth-1', 'auth-2'].map(
    (name) => new Auth(setting, name, machine(), random.chance(0.9) ? s : s / 2),
  );
  const verifiers = SERVICES.slice(0, 2 + random.below(3)).map(
    (service, index) =>
      new Verifier(setting, `${service}-${index + 1}`, service, machine(), random.chance(0.4)),
  );

  const until = random.between(5_000, 10_000);
  const faults = new Faults({ setting, auths, verifiers, maxStalenessMs: s, until });
  const chosen = chooseFaults(faults, added).filter((name) => !spared.includes(name));
  history.tell('seed', `${seed}: S is ${s} ms; ${chosen.join(', ') || 'nothing goes wrong'}`);
  const living = () => verifiers.map(({ life }) => life).filter((life) => life !== undefined);
  watchGuarantees(
    { world, history, database, facts, maxStalenessMs: s, calm: chosen.length === 0 },
    living,
  );
  startWorkload({ setting, facts, auths, verifiers, maxStalenessMs: s, until });
  for (const each of auths) each.start();
  for (const each of verifiers) world.after(random.between(1, 200), () => each.start());
  startFaults(faults, chosen);
  startEnding(faults.stage, facts, restMs(s, chosen));

  const isViolated = (): boolean => history.violations.length > 0;
  await world.runUntil(until + settlingMs(s, chosen), isViolated);
  if (!isViolated()) history.record({ what: 'over' });
  const { hash, violations } = history;
  return { seed, faults: chosen, hash, violations, tally };
}

/** Until who has gone is discounted and what was left behind is published. */
function settlingMs(s: number, faults: readonly string[]): number {
  // What was recorded before the database's clock was set back looks young for longer.
  return restMs(s, faults) + s + (faults.includes('database clock set') ? 4_400 : 400);
}

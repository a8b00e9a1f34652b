/** One fault: traffic, the fault under it, rest, a last look at every token, and the verdict. */
import { setTimeout as sleep } from 'node:timers/promises';
import { evidenceOf } from './checks/evidence.ts';
import { coverageOf, type Coverage } from './checks/coverage.ts';
import { judge, type Offence } from './checks/judge.ts';
import type { Fault, Scene, Lengths } from './fault.ts';
import { History } from './history/history.ts';
import { Machine } from './history/machine.ts';
import { lengthsOf } from './lengths.ts';
import { Random } from './random.ts';
import { settle } from './settle.ts';
import { untilReady, type Stage } from './stage/stage.ts';
import { Actor, type Account, type Door } from './traffic/actor.ts';
import type { Ask } from './traffic/ask.ts';
import { Traffic } from './traffic/traffic.ts';

/** Before the fault and after it. */
const CALM_MS = 700;
/** For a verifier to say what it has to say in the end, on a machine that is busy. Milliseconds. */
const COMING_MS = 15_000;
/** Tokens of each sort that every verifier is shown at the end. */
const LAST_LOOK = 15;

export interface RunOptions {
  readonly stage: Stage;
  readonly accounts: readonly Account[];
  readonly seed: number;
  /** What would last a minute lasts seconds. */
  readonly short: boolean;
  /** Blames a busy machine for a missing verdict of a verifier; a given one is checked all the same. */
  readonly forbearing: boolean;
  /** How a client asks; once unless given. */
  readonly ask?: Ask;
  /** Where it reaches auth; at each instance unless given. */
  readonly doors?: readonly Door[];
}

export interface Result {
  readonly fault: string;
  readonly history: History;
  readonly revocations: number;
  readonly coverage: Coverage;
  readonly offences: readonly Offence[];
  readonly seconds: number;
}

export async function runFault(fault: Fault, options: RunOptions): Promise<Result> {
  const { stage, accounts, seed, short, forbearing } = options;
  const began = performance.now();
  using machine = new Machine(stage.log.stalls);
  stage.follow(machine);
  const history = new History(machine);
  const actor = new Actor(history, options.ask);
  const choices = new Random(seed, `${fault.name} traffic`);
  const traffic = new Traffic(stage, actor, choices, accounts, options.doors);
  const already = new Set(stage.log.rows.map(({ id }) => id));
  const random = new Random(seed, fault.name);
  const lengths = lengthsOf(stage.maxStalenessMs, short);
  const scene = sceneOf({ stage, history, actor, traffic, random, ...lengths });
  if (forbearing) for (const { name } of stage.verifiers) history.open('excused', name);
  traffic.start();
  try {
    await sleep(CALM_MS);
    history.mark('fault begins');
    await fault.run(scene);
    history.mark('fault over');
    await stage.heal();
    history.mark('healed');
    await sleep(CALM_MS);
  } finally {
    await traffic.stop();
  }
  await settle(stage.log, already);
  await lookOnceMore(scene);
  const log = await settle(stage.log, already);
  const evidence = evidenceOf(history, log, stage.maxStalenessMs);
  const seconds = (performance.now() - began) / 1_000;
  return {
    fault: fault.name,
    history,
    revocations: log.length,
    coverage: coverageOf(evidence),
    offences: judge(evidence),
    seconds,
  };
}

type Parts = Pick<Scene, 'stage' | 'history' | 'actor' | 'traffic' | 'random' | keyof Lengths>;

function sceneOf(parts: Parts): Scene {
  const { stage, history, actor, traffic, random } = parts;
  return {
    ...parts,
    anInstance: () => random.pick(stage.instances),
    aVerifier: () => random.pick(stage.verifiers),
    expect(what, holds) {
      if (!holds) history.found.push(`did not come about: ${what}`);
    },
    async comesTo(verifier, token, wanted) {
      const deadline = performance.now() + COMING_MS;
      for (;;) {
        const { verdict } = await actor.verify(verifier, token);
        if (verdict === wanted) return;
        if (performance.now() > deadline) {
          history.found.push(`${verifier.name} did not come to this: ${token.label} is ${wanted}`);
          return;
        }
        await sleep(50);
      }
    },
    async excusing(verifiers, work) {
      const close = verifiers.map(({ name }) => history.open('excused', name));
      await work();
      await Promise.all(verifiers.map(({ service }) => untilReady(service)));
      for (const end of close) end();
    },
    async striking(kind, verifiers, work) {
      const close = verifiers.map(({ name }) => history.open(kind, name));
      const result = await work();
      for (const end of close) end();
      return result;
    },
    async endUnder(at, token, waitMs) {
      traffic.ended(token);
      return await actor.logOut(at, token, waitMs);
    },
  };
}

/** What was ended stays so at every verifier; what was not still holds. */
async function lookOnceMore({ stage, traffic, actor, random }: Scene): Promise<void> {
  const tokens = [
    ...random.shuffled(traffic.ends).slice(0, LAST_LOOK),
    ...random.shuffled(traffic.living).slice(0, LAST_LOOK),
  ];
  await Promise.all(
    stage.verifiers.map(async (verifier) => {
      for (const token of tokens) await actor.verify(verifier, token);
    }),
  );
}

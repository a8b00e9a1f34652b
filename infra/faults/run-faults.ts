/** Runs faults one after the other on one stage; a stage that does not recover is replaced. */
import type { Overrides } from '@portcullis/testbed';
import type { Fault } from './fault.ts';
import { boundOf, estimateOf, lengthsOf, STAGE_MS } from './lengths.ts';
import { runFault, type Result, type RunOptions } from './run-fault.ts';
import { within } from './within.ts';
import { createStage, type Stage } from './stage/stage.ts';
import { register, type Account } from './traffic/actor.ts';
import { setTimeout as sleep } from 'node:timers/promises';

const USERS = 8;
/** For their profiles to arrive at the user service. */
const ARRIVAL_MS = 500;

export interface Report {
  /** Called for each as it ends. */
  done(result: Result): void;
  skipped(fault: Fault, why: string): void;
  /** The system did not come back, or the test itself is wrong. */
  broken(name: string, error: unknown): void;
}

export interface FaultsOptions extends Pick<RunOptions, 'seed' | 'short' | 'forbearing'> {
  /** S of the stage. */
  readonly maxStalenessMs: number;
}

interface Furnished {
  stage: Stage;
  accounts: Account[];
}

export async function runFaults(
  faults: readonly Fault[],
  { maxStalenessMs, ...options }: FaultsOptions,
  report: Report,
): Promise<void> {
  let furnished: Furnished | undefined;
  const lengths = lengthsOf(maxStalenessMs, options.short);
  try {
    for (const fault of faults) {
      const why = await fault.unavailable?.();
      if (why !== undefined) {
        report.skipped(fault, why);
        continue;
      }
      try {
        furnished ??= await within(boundOf(STAGE_MS), furnishedStage(maxStalenessMs));
        const bound = boundOf(estimateOf(fault, lengths));
        report.done(await within(bound, runFault(fault, { ...furnished, ...options })));
      } catch (error) {
        report.broken(fault.name, error);
        const former = furnished?.stage;
        furnished = undefined;
        if (former !== undefined) await removeQuietly(former);
      }
    }
  } finally {
    if (furnished !== undefined) await removeQuietly(furnished.stage);
  }
}

/**
 * A stage, and users of it.
 *
 * @param env of its services, beside what they need
 */
export async function furnishedStage(
  maxStalenessMs: number,
  env: Overrides = {},
): Promise<Furnished> {
  const stage = await createStage(maxStalenessMs, { env });
  try {
    const accounts: Account[] = [];
    for (let n = 0; n < USERS; n += 1) {
      accounts.push(await register(stage.instances[0].service.url));
    }
    await sleep(ARRIVAL_MS);
    return { stage, accounts };
  } catch (error) {
    await removeQuietly(stage);
    throw error;
  }
}

/** Errors of the removal are dropped: what was found is reported already. */
export async function removeQuietly(stage: Stage): Promise<void> {
  try {
    await within(boundOf(STAGE_MS), stage[Symbol.asyncDispose]());
  } catch {
    // Its processes end with this one at the latest.
  }
}

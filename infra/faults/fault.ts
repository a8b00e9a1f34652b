/** What a fault is, and what it has at hand. */
import type { Change } from './history/operation.ts';
import type { Token } from './history/token.ts';
import type { History } from './history/history.ts';
import type { Random } from './random.ts';
import type { Instance, Stage, VerifierPlace } from './stage/stage.ts';
import type { Actor } from './traffic/actor.ts';
import type { Traffic } from './traffic/traffic.ts';

/** How long things last. Milliseconds. */
export interface Lengths {
  /** S. */
  readonly maxStalenessMs: number;
  /** Well over S. */
  readonly lasting: number;
  /** A minute, or as short as `lasting` in the short form. */
  readonly long: number;
}

export interface Scene extends Lengths {
  readonly stage: Stage;
  readonly history: History;
  readonly actor: Actor;
  readonly traffic: Traffic;
  readonly random: Random;
  anInstance(): Instance;
  aVerifier(): VerifierPlace;
  /** Notes an offence unless this holds. */
  expect(what: string, holds: boolean): void;
  /** Shows this token until the verdict is that; an offence when it does not come to it. */
  comesTo(verifier: VerifierPlace, token: Token, wanted: 'accepted' | 'refused'): Promise<void>;
  /**
   * While the work goes on, and until they are ready again afterwards, these verifiers need not give
   * a verdict.
   */
  excusing(verifiers: readonly VerifierPlace[], work: () => Promise<void>): Promise<void>;
  /**
   * While the work goes on these are struck, and ended tokens have to be shown to each of them; and
   * those that are `deaf` get no push, which has to show in what they accept within S.
   */
  striking<T>(
    kind: 'struck' | 'deaf',
    verifiers: readonly VerifierPlace[],
    work: () => Promise<T>,
  ): Promise<T>;
  /** Logs out in the background; the answer may never come. */
  endUnder(at: Instance, token: Token, waitMs?: number): Promise<Change>;
}

export interface Fault {
  readonly name: string;
  /** One line: what is done to the system. */
  readonly about: string;
  /** How long `run` takes where no process waits for a processor. Milliseconds. */
  takes(lengths: Lengths): number;
  /** @returns why it cannot be had on this machine, where it cannot */
  unavailable?(): Promise<string | undefined>;
  /** Breaks the system and mends it, under traffic. */
  run(scene: Scene): Promise<void>;
}

import { once } from 'node:events';
import type { Account } from '../../faults/traffic/actor.ts';
import type { Stage } from '../../faults/stage/stage.ts';

export interface Scene {
  readonly stage: Stage;
  readonly accounts: readonly Account[];
  /** What auth follows as PORTCULLIS_SERVICES_FILE. */
  readonly servicesFile: string;
  /** The folder of node_exporter's textfile collector. */
  readonly collected: string;
  /** Aborted once the alerts fire, or when they have had their time. */
  readonly signal: AbortSignal;
}

/** Something that happens, and the alerts that it has to make fire. */
export interface Cause {
  readonly name: string;
  readonly alerts: readonly string[];
  /** Brings it about, keeps it up until the signal, and ends it. */
  readonly strike: (scene: Scene) => Promise<void>;
}

export async function until(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

import type { SnapshotPlace } from '@portcullis/snapshot';
import type { Clock } from '../clock.ts';
import type { Ledger } from './ledger.ts';

/** After this long others have a turn: requests go on being answered. Milliseconds. */
const TURN_MS = 8;

/**
 * Merges a snapshot of any length without holding up other work of the process.
 *
 * @returns the state of the log that the ledger now includes
 * @throws SnapshotError, and nothing has changed, for bytes that are not one whole snapshot
 */
export async function mergeCooperatively(
  ledger: Ledger,
  clock: Pick<Clock, 'monotonic'>,
  snapshot: Uint8Array,
): Promise<SnapshotPlace> {
  const steps = ledger.mergeInSteps(snapshot);
  let turnEnds = clock.monotonic() + TURN_MS;
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    if (clock.monotonic() < turnEnds) continue;
    // Not by a timer: a process that sleeps has to wait for its turn on a busy machine.
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
    turnEnds = clock.monotonic() + TURN_MS;
  }
}

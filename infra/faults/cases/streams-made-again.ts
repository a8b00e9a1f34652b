import type { JetStreamManager } from '@nats-io/jetstream';
import { setTimeout as sleep } from 'node:timers/promises';

/** Well over the ten seconds after which auth looks after its streams. Milliseconds. */
const RESTORED_MS = 40_000;
/** What it takes where no process waits for a processor, on average. Milliseconds. */
export const USUALLY_RESTORED_MS = 7_000;

/** @returns those of these streams that there are now */
export async function streamsOf(
  { streams }: JetStreamManager,
  names: readonly string[],
): Promise<string[]> {
  const found: string[] = [];
  for await (const { config } of streams.list()) {
    if (names.includes(config.name)) found.push(config.name);
  }
  return found;
}

/** @returns whether auth has made these streams again, within 40 seconds */
export async function madeAgain(
  manager: JetStreamManager,
  names: readonly string[],
): Promise<boolean> {
  const deadline = performance.now() + RESTORED_MS;
  for (;;) {
    const found = await streamsOf(manager, names);
    if (found.length === names.length) return true;
    if (performance.now() > deadline) return false;
    await sleep(100);
  }
}

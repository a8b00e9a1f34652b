import { setTimeout as sleep } from 'node:timers/promises';
import { StepFailure } from '../steps.ts';
import type { RunningProcess } from '../lifetime/supervisor.ts';
import { tail } from '../lifetime/tail.ts';

const TIMEOUT_MS = 30_000;
const POLL_MS = 50;

interface Waiting {
  name: string;
  /** One request in the server's own protocol; throws until it answers. */
  ask: () => Promise<void>;
  running?: RunningProcess;
  log?: string;
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** Waits until a server answers a request in its own protocol: an open port proves nothing. */
export async function awaitAnswer(waiting: Waiting): Promise<void> {
  const { name, ask, running, log, timeoutMs = TIMEOUT_MS, signal } = waiting;
  const deadline = performance.now() + timeoutMs;
  const itsLog = log === undefined ? '' : `\n${tail(log)}`;
  for (;;) {
    signal?.throwIfAborted();
    if (running?.hasExited()) {
      const end = log === undefined ? '' : `${tail(log)}\n\n`;
      throw new StepFailure(`${end}${name} ended with exit status ${await running.exited}.`);
    }
    try {
      await ask();
      return;
    } catch (error) {
      if (performance.now() > deadline) {
        const why = error instanceof Error ? error.message : String(error);
        throw new StepFailure(
          `${name} did not answer within ${timeoutMs / 1000} s: ${why}${itsLog}`,
          {
            cause: error,
          },
        );
      }
      await sleep(POLL_MS);
    }
  }
}

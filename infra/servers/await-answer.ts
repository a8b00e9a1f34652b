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
  /** Bytes that were in the log before. */
  from?: number;
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** Waits until a server answers a request in its own protocol: an open port proves nothing. */
export async function awaitAnswer(waiting: Waiting): Promise<void> {
  const { name, ask, running, log, from = 0, timeoutMs = TIMEOUT_MS, signal } = waiting;
  const deadline = performance.now() + timeoutMs;
  const itsLog = log === undefined ? '' : `\n${tail(log, 15, from)}`;
  for (;;) {
    signal?.throwIfAborted();
    if (running?.hasExited()) {
      const end = log === undefined ? '' : `${tail(log, 15, from)}\n\n`;
      // As ConfigurationError of the services prints it.
      const setting = /^ {2}([A-Z][A-Z0-9_]+): /m.exec(end)?.[1];
      throw new StepFailure(`${end}${name} ended with exit status ${await running.exited}.`, {
        ...(setting !== undefined && {
          fix: `set ${setting} as docs/operations.md#settings says, or unset it`,
        }),
      });
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

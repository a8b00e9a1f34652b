/** A service of the tree of an image, or as it was built, started and asked until it is ready. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { TestProcess } from '@portcullis/testbed';
import { confinedCommand, statusOfConfined, type Status } from './confined.ts';
import type { Service } from './contents.mjs';
import { answersReady } from '../services/run-service.ts';

const READY_MS = 60_000;
const LOOK_MS = 10;

export interface Started extends AsyncDisposable {
  /** From its start until it was ready, in milliseconds. */
  readonly readyMs: number;
  /** What the kernel says of it, and of its mounts: a line for each, as in `/proc/PID/mounts`. */
  readonly status: Status;
  readonly mounts: string;
  readonly log: string;
  /** SIGTERM, as a container is stopped. @returns its exit status */
  stop(): Promise<number | NodeJS.Signals>;
}

/**
 * @param env with its PORT
 * @throws {Error} with its log, when it is not ready within 60 s
 */
export async function startConfined(
  tree: string,
  service: Service,
  env: Readonly<Record<string, string>>,
): Promise<Started> {
  const words = confinedCommand(tree, service, env);
  const child = new TestProcess({ name: `${service} of the image`, ...words });
  const readyMs = await untilReady(child, Number(env['PORT']));
  const { pid, status } = statusOfConfined(child.pid);
  const mounts = readFileSync(`/proc/${pid}/mounts`, 'utf8');
  const stop = async (): Promise<number | NodeJS.Signals> => {
    process.kill(pid, 'SIGTERM');
    return await child.exited;
  };
  return startedOf(child, { readyMs, status, mounts, stop });
}

/** The same program where it was built, run by that Node, to compare with. */
export async function startBuilt(
  node: string,
  program: string,
  env: Readonly<Record<string, string>>,
): Promise<Started> {
  const child = new TestProcess({ name: program, command: node, args: [program], env });
  const readyMs = await untilReady(child, Number(env['PORT']));
  return startedOf(child, { readyMs, status: {}, mounts: '', stop: () => child.stop() });
}

function startedOf(
  child: TestProcess,
  parts: Pick<Started, 'readyMs' | 'status' | 'mounts' | 'stop'>,
): Started {
  return {
    ...parts,
    get log() {
      return child.log;
    },
    [Symbol.asyncDispose]: async () => {
      // What runs in its namespaces is killed with it.
      child.kill();
      await child.exited;
    },
  };
}

async function untilReady(child: TestProcess, port: number): Promise<number> {
  const began = performance.now();
  while (!(await answersReady(port))) {
    if (!child.running || performance.now() - began > READY_MS) {
      child.kill();
      throw new Error(`${child.name} is not ready:\n${child.log}`);
    }
    await sleep(LOOK_MS);
  }
  return performance.now() - began;
}

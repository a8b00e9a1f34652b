/** An app of this repository, or any other HTTP service, in a process of its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { nodeWords } from './node-words.ts';
import { TestProcess } from './process.ts';

/** Generous: several test files may be starting services on a small machine, in milliseconds. */
const READY_TIMEOUT_MS = 60_000;
const READY_INTERVAL_MS = 25;

export interface ServiceOptions {
  name: string;
  /** A source, as a path from the root of the repository; it is run as `nodeWords` says. */
  entry: string;
  /** In addition to `NODE_ENV=test`, `HOST` and `PORT`. */
  env?: Readonly<Record<string, string>>;
  /** Chosen unless given. */
  port?: number;
  /** Answers 2xx once it can serve; `/readyz` by default. */
  readyPath?: string;
  readyTimeoutMs?: number;
  /** Words before the command, such as `ip netns exec NAME`. */
  through?: readonly string[];
}

export interface SpawnedService extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** The present process; another one after a restart. */
  readonly process: TestProcess;
  readonly log: string;
  kill(signal?: NodeJS.Signals): void;
  pause(): void;
  resume(): void;
  stop(): Promise<number | NodeJS.Signals>;
  /**
   * Starts it again, on the same port with the same environment, when it has ended.
   *
   * @param until `ready` by default; `alive` for one that is not to become ready yet
   * @throws Error with its log, when it is not that within 60 seconds
   */
  restart(until?: 'ready' | 'alive'): Promise<void>;
}

/**
 * @throws Error with its log, when it ends or is not ready within 60 seconds
 */
export async function spawnService(options: ServiceOptions): Promise<SpawnedService> {
  const port = options.port ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;
  const start = (): TestProcess => {
    const words = [...(options.through ?? []), process.execPath, ...nodeWords(options.entry)];
    const [command = '', ...args] = words;
    return new TestProcess({
      name: options.name,
      command,
      args,
      env: { NODE_ENV: 'test', HOST: '127.0.0.1', ...options.env, PORT: String(port) },
    });
  };
  const until = async (path: string): Promise<void> =>
    await untilAnswering(current, `${url}${path}`, options.readyTimeoutMs);
  const readyPath = options.readyPath ?? '/readyz';
  let current = start();
  await until(readyPath);
  return {
    url,
    port,
    get process() {
      return current;
    },
    get log() {
      return current.log;
    },
    kill: (signal) => current.kill(signal),
    pause: () => current.pause(),
    resume: () => current.resume(),
    stop: () => current.stop(),
    restart: async (wanted = 'ready') => {
      await current.exited;
      current = start();
      await until(wanted === 'ready' ? readyPath : '/healthz');
    },
    [Symbol.asyncDispose]: async () => {
      await current.stop();
    },
  };
}

async function untilAnswering(
  child: TestProcess,
  url: string,
  timeoutMs: number = READY_TIMEOUT_MS,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let last = 'no answer';
  while (performance.now() < deadline) {
    if (!child.running) {
      throw new Error(`${child.name} ended with ${await child.exited}:\n${child.log}`);
    }
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
      if (response.ok) {
        await response.body?.cancel();
        return;
      }
      last = `${response.status} ${await response.text()}`;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    await sleep(READY_INTERVAL_MS);
  }
  child.kill('SIGKILL');
  throw new Error(`${child.name} was not ready within ${timeoutMs} ms (${last}):\n${child.log}`);
}

/** A NATS server that one test has to itself, for faults that would disturb everybody else. */
import { connect } from '@nats-io/transport-node';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { testProgram } from './environment.ts';
import { freePort } from './free-port.ts';
import { TestProcess } from './process.ts';

const READY_TIMEOUT_MS = 10_000;

export interface PrivateNats extends AsyncDisposable {
  readonly url: string;
  readonly process: TestProcess;
  kill(signal?: NodeJS.Signals): void;
  /** Stands still; connections stay open. */
  pause(): void;
  resume(): void;
  /** Ends it, and starts it again on the same port with the same files. */
  restart(): Promise<void>;
  /** The same with what it stored removed, as after losing its disk. */
  restartEmpty(): Promise<void>;
}

/** @throws Error with its log, when it does not answer within 10 seconds */
export async function startPrivateNats(): Promise<PrivateNats> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-nats-'));
  const start = async (): Promise<TestProcess> => {
    const child = new TestProcess({
      name: 'nats-server',
      command: testProgram('nats-server'),
      args: ['--addr', '127.0.0.1', '--port', String(port), '--jetstream', '--store_dir', folder],
    });
    await untilAnswering(child, port);
    return child;
  };
  let current = await start();
  const restart = async (): Promise<void> => {
    await current.stop();
    current = await start();
  };
  return {
    url: `nats://127.0.0.1:${port}`,
    get process() {
      return current;
    },
    kill: (signal) => current.kill(signal),
    pause: () => current.pause(),
    resume: () => current.resume(),
    restart,
    restartEmpty: async () => {
      await current.stop();
      await rm(folder, { recursive: true, force: true });
      current = await start();
    },
    [Symbol.asyncDispose]: async () => {
      await current.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function untilAnswering(child: TestProcess, port: number): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (performance.now() < deadline && child.running) {
    try {
      const servers = `127.0.0.1:${port}`;
      const connection = await connect({ servers, reconnect: false, timeout: 1_000 });
      await connection.close();
      return;
    } catch {
      await sleep(25);
    }
  }
  child.kill('SIGKILL');
  throw new Error(`nats-server did not answer:\n${child.log}`);
}

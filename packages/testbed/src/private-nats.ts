/** A NATS server that one test has to itself, for faults that would disturb all other tests. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { testProgram } from './environment.ts';
import { freePort } from './free-port.ts';
import { natsOptions } from './nats-cleanup.ts';
import { TestProcess } from './process.ts';

const READY_TIMEOUT_MS = 10_000;

export interface PrivateNatsOptions {
  /** Takes $NATS_LISTEN and $NATS_STORE_DIR from the environment, as infra/nats/nats.conf does. */
  configuration: string;
  /** What else it takes from the environment. */
  env: Readonly<Record<string, string>>;
  /** One of its users. */
  user: string;
  pass: string;
}

export interface PrivateNats extends AsyncDisposable {
  /** With the credentials of the user that was named, if one was. */
  readonly url: string;
  readonly process: TestProcess;
  kill(signal?: NodeJS.Signals): void;
  /** Stands still; connections stay open. */
  pause(): void;
  resume(): void;
  /** Ends it, and starts it again on the same port with the same files. */
  restart(): Promise<void>;
  /** Takes another configuration while it runs, and from then on; of one that was started with one. */
  reload(configuration: string): Promise<void>;
  /** The same with what it stored removed, as after losing its disk. */
  restartEmpty(): Promise<void>;
}

/** @throws Error with its log, when it does not answer within 10 seconds */
export async function startPrivateNats(options?: PrivateNatsOptions): Promise<PrivateNats> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-nats-'));
  // Beside the store, which a test may have removed.
  const file = `${folder}.conf`;
  if (options !== undefined) await writeFile(file, options.configuration);
  const credentials =
    options === undefined
      ? ''
      : `${encodeURIComponent(options.user)}:${encodeURIComponent(options.pass)}@`;
  const url = `nats://${credentials}127.0.0.1:${port}`;
  const plain = [
    '--addr',
    '127.0.0.1',
    '--port',
    String(port),
    '--jetstream',
    '--store_dir',
    folder,
  ];
  const place = {
    NATS_LISTEN: JSON.stringify(`127.0.0.1:${port}`),
    NATS_STORE_DIR: JSON.stringify(folder),
  };
  const start = async (): Promise<TestProcess> => {
    const child = new TestProcess({
      name: 'nats-server',
      command: testProgram('nats-server'),
      args: options === undefined ? plain : ['--config', file],
      env: { ...place, ...options?.env },
    });
    await untilAnswering(child, url);
    return child;
  };
  let current = await start();
  const restart = async (): Promise<void> => {
    await current.stop();
    current = await start();
  };
  return {
    url,
    get process() {
      return current;
    },
    kill: (signal) => current.kill(signal),
    pause: () => current.pause(),
    resume: () => current.resume(),
    restart,
    async reload(configuration) {
      const reloads = countOf(current.log);
      await writeFile(file, configuration);
      current.kill('SIGHUP');
      const deadline = performance.now() + READY_TIMEOUT_MS;
      while (countOf(current.log) === reloads) {
        if (performance.now() > deadline) throw new Error(`it did not reload:\n${current.log}`);
        await sleep(10);
      }
    },
    restartEmpty: async () => {
      await current.stop();
      await rm(folder, { recursive: true, force: true });
      current = await start();
    },
    [Symbol.asyncDispose]: async () => {
      await current.stop();
      await rm(folder, { recursive: true, force: true });
      await rm(file, { force: true });
    },
  };
}

/** How often it has said that it has taken a configuration. */
function countOf(log: string): number {
  return log.split('Reloaded server configuration').length;
}

async function untilAnswering(child: TestProcess, url: string): Promise<void> {
  const { connect } = await import('@nats-io/transport-node');
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (performance.now() < deadline && child.running) {
    try {
      const options = { ...natsOptions(url), reconnect: false, timeout: 1_000 };
      const connection = await connect(options);
      await connection.close();
      return;
    } catch {
      await sleep(25);
    }
  }
  child.kill('SIGKILL');
  throw new Error(`nats-server did not answer:\n${child.log}`);
}

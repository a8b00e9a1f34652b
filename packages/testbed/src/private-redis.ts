/** A Redis server that one test has to itself, for faults that would disturb all other tests. */
import { setTimeout as sleep } from 'node:timers/promises';
import { testProgram } from './environment.ts';
import { freePort } from './free-port.ts';
import { TestProcess } from './process.ts';

const READY_TIMEOUT_MS = 20_000;

export interface PrivateRedis extends AsyncDisposable {
  readonly url: string;
  readonly process: TestProcess;
  /** From now on it refuses every command that would need memory, as a full one does. */
  fill(): Promise<void>;
}

/** @throws Error with its log, when it does not answer */
export async function startPrivateRedis(): Promise<PrivateRedis> {
  const port = await freePort();
  const child = new TestProcess({
    name: 'redis-server',
    command: testProgram('redis-server'),
    args: `--port ${port} --bind 127.0.0.1 --appendonly no --maxmemory-policy noeviction`
      .split(' ')
      .concat('--save', ''),
  });
  const { Redis } = await import('ioredis');
  const redis = new Redis(port, '127.0.0.1', { lazyConnect: true, retryStrategy: () => 50 });
  redis.on('error', () => {}); // it is not up yet
  const dispose = async (): Promise<void> => {
    redis.disconnect();
    await child.stop();
  };
  const deadline = performance.now() + READY_TIMEOUT_MS;
  redis.connect().catch(() => {}); // asked again by the strategy above
  while (redis.status !== 'ready') {
    if (performance.now() > deadline || !child.running) {
      await dispose();
      throw new Error(`redis-server did not answer:\n${child.log}`);
    }
    await sleep(25);
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    process: child,
    fill: async () => void (await redis.config('SET', 'maxmemory', '1')),
    [Symbol.asyncDispose]: dispose,
  };
}

/**
 * What one test file has to itself on the shared servers: databases, a prefix for NATS subjects and
 * Redis keys, and a way to NATS and Redis of its own.
 *
 * That way is a TCP proxy for each: it shows at the end whether a connection was left open, by any
 * part, and it can be cut, paused and slowed for fault tests without disturbing other files.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { testServers } from './environment.ts';
import { deleteStreams } from './nats-cleanup.ts';
import { deleteKeys } from './redis-cleanup.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';
import { createTestDatabase, type DatabaseRecipe, type TestDatabase } from './test-database.ts';

/** How long a connection may take to close after its owner was disposed of, in milliseconds. */
const SETTLE_MS = 2_000;

export interface TestBedOptions<N extends string> {
  /** One database for each; none unless given. */
  databases?: Readonly<Record<N, DatabaseRecipe>>;
}

export interface TestBed<N extends string = never> extends AsyncDisposable {
  /** One NATS token; Redis keys begin with it too. */
  readonly prefix: string;
  readonly natsUrl: string;
  readonly redisUrl: string;
  readonly databaseUrls: Readonly<Record<N, string>>;
  /** What `natsUrl` and `redisUrl` go through. */
  readonly proxies: { readonly nats: TcpProxy; readonly redis: TcpProxy };
  /** Has it disposed of together with the bed, the last first, before leaks are looked for. */
  use<T extends AsyncDisposable>(resource: T): T;
  /**
   * Disposes of everything and removes every trace from the servers.
   *
   * @throws AggregateError naming each leaked connection and each resource that failed to end
   */
  dispose(): Promise<void>;
}

/** @throws Error when the servers for tests are not known or do not answer */
export async function createTestBed<N extends string = never>(
  options: TestBedOptions<N> = {},
): Promise<TestBed<N>> {
  const servers = testServers();
  const prefix = `t${randomBytes(6).toString('hex')}`;
  const databases = new Map<string, TestDatabase>();
  const recipes = Object.entries<DatabaseRecipe>(options.databases ?? {});
  await Promise.all(
    recipes.map(async ([name, recipe]) => {
      databases.set(name, await createTestDatabase(servers.postgresUrl, recipe));
    }),
  );
  const nats = await startTcpProxy(servers.natsUrl);
  const redis = await startTcpProxy(servers.redisUrl);
  const resources: AsyncDisposable[] = [];
  let disposal: Promise<void> | undefined;

  const dispose = async (): Promise<void> => {
    const problems: unknown[] = [];
    const attempt = async (work: () => Promise<unknown>): Promise<void> => {
      try {
        await work();
      } catch (error) {
        problems.push(error);
      }
    };
    for (const resource of resources.toReversed()) {
      await attempt(async () => resource[Symbol.asyncDispose]());
    }
    for (const [name, proxy] of Object.entries({ NATS: nats, Redis: redis })) {
      const left = await openAfterSettling(proxy);
      if (left > 0) problems.push(new Error(`${left} connection(s) to ${name} were left open`));
      await attempt(async () => proxy[Symbol.asyncDispose]());
    }
    for (const database of databases.values()) {
      await attempt(async () => {
        const left = await database.drop();
        if (left.length > 0) {
          throw new Error(`connection(s) to PostgreSQL were left open: ${left.join('; ')}`);
        }
      });
    }
    await attempt(() => deleteStreams(servers.natsUrl, prefix));
    await attempt(() => deleteKeys(servers.redisUrl, prefix));
    if (problems.length > 0) {
      const what = problems.map((problem) =>
        problem instanceof Error ? problem.message : 'unknown',
      );
      throw new AggregateError(problems, `the test bed did not end cleanly: ${what.join('; ')}`);
    }
  };

  const urls = Object.fromEntries([...databases].map(([name, { url }]) => [name, url]));
  return {
    prefix,
    natsUrl: nats.through(servers.natsUrl),
    redisUrl: redis.through(servers.redisUrl),
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- one for each recipe, above
    databaseUrls: urls as Record<N, string>,
    proxies: { nats, redis },
    use(resource) {
      resources.push(resource);
      return resource;
    },
    dispose: () => (disposal ??= dispose()),
    [Symbol.asyncDispose]: () => (disposal ??= dispose()),
  };
}

async function openAfterSettling(proxy: TcpProxy): Promise<number> {
  // A proxy that a test left paused or cut would hide, or never see, the end of a connection.
  proxy.resume();
  const deadline = performance.now() + SETTLE_MS;
  while (proxy.open > 0 && performance.now() < deadline) await sleep(20);
  return proxy.open;
}

/**
 * Servers are known by their certificates: one that shows another, or offers no TLS, is refused when it is first connected to
 * and when it is connected to again, with a line that names it and says why.
 */
import { connectBus, createLogger, Disposal, Outages, securedFetch } from '@portcullis/service';
import { postgresTls } from '@portcullis/service/postgres';
import { httpGrants } from '@portcullis/verify/feeds/http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sql } from 'postgres';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectPostgres } from '../../src/database/database.ts';
import { connectProtocol } from '../../src/database/protocol-connection.ts';
import { openJobServer } from '../../src/jobs/job-server.ts';
import { openQueue } from '../../src/jobs/open-queue.ts';
import { connectRedis } from '../../src/redis/connect.ts';
import {
  certifiedAuth,
  certifiedNats,
  certifiedPostgres,
  certifiedRedis,
  writeAuthority,
  type CertifiedServer,
  type Shown,
} from './certified-servers.ts';

const WAIT_MS = 8_000;

let files: Awaited<ReturnType<typeof writeAuthority>>;
let servers: {
  postgres: Awaited<ReturnType<typeof certifiedPostgres>>;
  nats: CertifiedServer;
  redis: CertifiedServer;
  auth: CertifiedServer;
};

beforeAll(async () => {
  files = await writeAuthority();
  const [postgres, nats, redis, auth] = await Promise.all([
    certifiedPostgres(),
    certifiedNats(files.folder),
    certifiedRedis(files.folder),
    certifiedAuth('{}'),
  ]);
  servers = { postgres, nats, redis, auth };
}, 60_000);

afterAll(async () => {
  await Promise.all(Object.values(servers).map((one) => one[Symbol.asyncDispose]()));
  await files[Symbol.asyncDispose]();
});

/** A client of one part: it says in its log why it does not come through, and `works` settles once it does. */
interface Client extends AsyncDisposable {
  lines(): string;
  works(): Promise<boolean>;
}

function logOf() {
  const lines: string[] = [];
  const logger = createLogger({
    service: 'test',
    level: 'info',
    destination: { write: (line: string) => void lines.push(line) },
  });
  return { logger, lines: () => lines.join('') };
}

function overPostgres(connect: (url: string) => { sql: Sql } & AsyncDisposable): () => Client {
  return () => {
    const { logger, lines } = logOf();
    const outages = new Outages({ logger, needed: 'postgres' });
    const url = servers.postgres.url('/postgres');
    const { sql, ...connection } = connect(
      `${url}?sslmode=verify-full&sslrootcert=${encodeURIComponent(files.ca)}`,
    );
    return {
      lines,
      async works() {
        return await sql`select ssl from pg_stat_ssl where pid = pg_backend_pid()`.then(
          ([row]) => row?.['ssl'] === true,
          (error: unknown) => {
            outages.failed(error, 'asking');
            return false;
          },
        );
      },
      [Symbol.asyncDispose]: async () => await connection[Symbol.asyncDispose](),
    };
  };
}

const words = (): string => `sslrootcert=${encodeURIComponent(files.ca)}`;

const CLIENTS = {
  'postgres, for requests': overPostgres((url) => connectPostgres(url, 'portcullis-tls-test', 1)),
  'postgres, for the protocol': overPostgres((url) =>
    connectProtocol(url, 'portcullis-tls-test', 1),
  ),
  nats: () => {
    const { logger, lines } = logOf();
    const owned = new Disposal();
    const over = new AbortController();
    owned.defer(() => over.abort());
    const bus = connectBus({
      url: `tls://auth:of-auth@localhost:${servers.nats.port}?${words()}`,
      name: 'auth',
      prefix: 'portcullis',
      logger,
      signal: over.signal,
    }).then((one) => owned.use(one));
    return {
      lines,
      works: async () => {
        const one = await Promise.race([bus, sleep(50)]);
        return one?.connected === true;
      },
      [Symbol.asyncDispose]: async () => await owned[Symbol.asyncDispose](),
    };
  },
  'redis, for limits': () => {
    const { logger, lines } = logOf();
    const url = `rediss://localhost:${servers.redis.port}?${words()}`;
    const { redis, ...connection } = connectRedis(url, 'portcullis-tls-test', logger);
    return {
      lines,
      works: async () =>
        await redis.ping().then(
          () => true,
          () => false,
        ),
      [Symbol.asyncDispose]: async () => await connection[Symbol.asyncDispose](),
    };
  },
  'redis, for jobs': () => {
    const { logger, lines } = logOf();
    const redisUrl = `rediss://localhost:${servers.redis.port}?${words()}`;
    const server = openJobServer({ redisUrl, prefix: 'tls', logger });
    const { queue, close } = openQueue({
      server,
      name: 'tls',
      concurrency: 1,
      work: async () => undefined,
      jobFailed: () => undefined,
    });
    return {
      lines,
      works: async () =>
        await Promise.race([
          queue.count().then(
            () => true,
            () => false,
          ),
          sleep(200).then(() => false),
        ]),
      async [Symbol.asyncDispose]() {
        await close();
        await server[Symbol.asyncDispose]();
      },
    };
  },
  auth: () => {
    const { logger, lines } = logOf();
    const grants = httpGrants({
      authUrl: `https://localhost:${servers.auth.port}`,
      clientId: 'cli_test',
      clientSecret: 'of-the-test',
      fetch: securedFetch({ ca: files.ca }),
    });
    return {
      lines,
      async works() {
        try {
          return (await grants.snapshot?.(1_000)) !== undefined;
        } catch {
          // As the verifier of a service reports what its feed knows.
          for (const problem of grants.problems?.() ?? []) logger.warn(problem);
          return false;
        }
      },
      async [Symbol.asyncDispose]() {},
    };
  },
} satisfies Record<string, () => Client>;

const partOf = (name: string): string => name.split(',', 1)[0] ?? '';

const REASONS = {
  'an unknown authority': 'its certificate is of an unknown authority',
  'a certificate that has expired': 'its certificate has expired',
  'another host name': 'its certificate is for another host name',
  'plain text': 'it offers no TLS',
} as const satisfies Partial<Record<Shown, string>>;
const faults = Object.entries(REASONS) as [keyof typeof REASONS, string][];

async function until(what: () => string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + WAIT_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within ${WAIT_MS} ms: ${what()}`);
    await sleep(20);
  }
}

async function untilWorking(name: string, client: Client): Promise<void> {
  await until(
    () => `${name} works in\n${client.lines()}`,
    async () => await client.works(),
  );
}

async function untilRefused(name: string, client: Client, reason: string): Promise<void> {
  const said = new RegExp(`${partOf(name)}\\b[^"]*: ${reason}`);
  await until(
    () => `${said.source} in\n${client.lines()}`,
    async () => {
      expect(await client.works(), name).toBe(false);
      return said.test(client.lines());
    },
  );
}

type EachClient = (work: (name: string, client: Client) => Promise<void>) => Promise<void>;

/** A client of each, at once: they have nothing to do with each other. */
function openAll(owned: Disposal): EachClient {
  const opened = Object.entries(CLIENTS).map(([name, open]) => {
    return [name, owned.use(open())] as const;
  });
  return async (work) =>
    void (await Promise.all(opened.map(async ([name, client]) => await work(name, client))));
}

async function show(what: Shown): Promise<void> {
  await Promise.all(Object.values(servers).map(async (server) => await server.show(what)));
}

const resetAll = (): void => Object.values(servers).forEach(({ proxy }) => proxy.reset());

it.each(faults)('%s is refused at the start', async (shown, reason) => {
  await show(shown);
  await using clients = new Disposal();
  const each = openAll(clients);
  await each(async (name, client) => await untilRefused(name, client, reason));
  await show('right');
  await each(untilWorking);
});

it.each(faults)('%s is refused when it is connected to again', async (shown, reason) => {
  await show('right');
  await using clients = new Disposal();
  const each = openAll(clients);
  await each(untilWorking);
  await show(shown);
  resetAll();
  await sleep(20); // the resets arrive
  await each(async (name, client) => await untilRefused(name, client, reason));
  await show('right');
  await each(untilWorking);
});

it('a renewed certificate ends no connection', async () => {
  await show('right');
  await using clients = new Disposal();
  const each = openAll(clients);
  await each(untilWorking);
  const connections = (): number[] => Object.values(servers).map(({ proxy }) => proxy.connections);
  const before = connections();
  await show('right');
  await each(async (name, client) => {
    const said = client.lines().length;
    for (let call = 0; call < 10; call += 1) expect(await client.works(), name).toBe(true);
    expect(client.lines().slice(said)).not.toContain('"level":"warn"');
  });
  expect(connections()).toEqual(before);
});

it('an address by number has to be in the certificate', async () => {
  await servers.postgres.show('right'); // for localhost
  const url = new URL(servers.postgres.url('/postgres'));
  url.hostname = '127.0.0.1';
  url.search = `sslmode=verify-full&${words()}`;
  await using connection = connectPostgres(url.href, 'portcullis-tls-test', 1);
  await expect(connection.sql`select 1`).rejects.toMatchObject({
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
  expect(postgresTls(url.href).options.ssl).toMatchObject({ rejectUnauthorized: true });
});

/**
 * Real servers that show one certificate or another, or offer no TLS, from one moment to the next: PostgreSQL, NATS, Redis,
 * and what stands for auth. Each is behind a proxy on `localhost`, which cuts what is connected.
 */
import {
  createAuthority,
  freePort,
  startPrivateNats,
  startPrivateRedis,
  TcpProxy,
  testServers,
  type IssuedCertificate,
} from '@portcullis/testbed';
import { portOf } from '@portcullis/testkit';
import { Redis } from 'ioredis';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres, { type Sql } from 'postgres';

const authority = createAuthority('the authority of the tests');
const unknown = createAuthority('an authority that nobody knows');

/** What a server shows of itself. */
export const SHOWN = {
  right: () => authority.issue(),
  'an unknown authority': () => unknown.issue(),
  'a certificate that has expired': () => authority.issue({ endsInMs: -60_000 }),
  'another host name': () => authority.issue({ names: ['other.example'] }),
  'plain text': () => null,
} as const;
export type Shown = keyof typeof SHOWN;

export interface CertifiedServer extends AsyncDisposable {
  /** Of the place that the proxy listens at. */
  readonly port: number;
  readonly proxy: TcpProxy;
  /** From now on to each that connects; who is connected stays. */
  show(what: Shown): Promise<void>;
}

/** PEM of the authority that is right, in a file; and a certificate of it for a client. */
export async function writeAuthority(): Promise<
  { folder: string; ca: string; cert: string; key: string } & AsyncDisposable
> {
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-tls-'));
  const client = await writePair(folder, 'client', authority.issue({ names: ['client'] }));
  const ca = join(folder, 'authority.pem');
  await writeFile(ca, authority.cert);
  return {
    folder,
    ca,
    ...client,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

async function writePair(folder: string, name: string, pair: IssuedCertificate) {
  const files = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
  await writeFile(files.cert, pair.cert);
  await writeFile(files.key, pair.key, { mode: 0o600 });
  return files;
}

async function proxyTo(target: { host: string; port: number }): Promise<TcpProxy> {
  const proxy = new TcpProxy(target);
  await proxy.listen();
  return proxy;
}

/** The server of all tests: TLS is of its new connections alone, and none but these tests asks for it. */
export async function certifiedPostgres(): Promise<
  CertifiedServer & { url(path: string): string }
> {
  const server = new URL(testServers().postgresUrl);
  const proxy = await proxyTo({ host: server.hostname, port: Number(server.port) });
  const sql = postgres(server.href, { max: 1, onnotice: () => undefined });
  let written = 0;
  const show = async (what: Shown): Promise<void> => {
    const pair = SHOWN[what]();
    if (pair !== null) {
      written += 1;
      const name = `portcullis-tls-${process.pid}-${written}`;
      await writeAtServer(sql, `${name}.pem`, pair.cert);
      await writeAtServer(sql, `${name}.key`, pair.key);
      await sql.unsafe(`alter system set ssl_cert_file = '${name}.pem'`);
      await sql.unsafe(`alter system set ssl_key_file = '${name}.key'`);
    }
    await sql.unsafe(`alter system set ssl = ${pair === null ? 'off' : 'on'}`);
    await sql`select pg_reload_conf()`;
    await untilReloaded(server.href, pair === null ? 'off' : 'on', written);
  };
  return {
    proxy,
    port: proxy.port,
    url(path) {
      const url = new URL(path, server);
      url.host = `localhost:${proxy.port}`;
      return url.href;
    },
    show,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      for (const setting of ['ssl', 'ssl_cert_file', 'ssl_key_file']) {
        await sql.unsafe(`alter system reset ${setting}`);
      }
      await sql`select pg_reload_conf()`;
      await sql.unsafe(`copy (select '') to program 'rm -f portcullis-tls-${process.pid}-*'`);
      await sql.end();
    },
  };
}

/** As the user of the server, which takes no key that others may read. Its folder is where it runs. */
async function writeAtServer(sql: Sql, file: string, pem: string): Promise<void> {
  await sql.unsafe(
    `copy (select unnest(string_to_array('${pem.trim()}', e'\\n')))
     to program 'umask 077; cat > ${file}'`,
  );
}

async function untilReloaded(url: string, ssl: 'on' | 'off', written: number): Promise<void> {
  for (;;) {
    const sql = postgres(url, { max: 1, onnotice: () => undefined });
    const [row] = await sql`
      select current_setting('ssl') as ssl, current_setting('ssl_cert_file') as file`;
    await sql.end();
    const isNew = ssl === 'off' || String(row?.['file']).endsWith(`-${written}.pem`);
    if (row?.['ssl'] === ssl && isNew) return;
    await sleep(20);
  }
}

/** @param folder for what it shows */
export async function certifiedNats(folder: string): Promise<CertifiedServer> {
  const user = { user: 'auth', pass: 'of-auth' };
  const plain = `listen: $NATS_LISTEN
jetstream { store_dir: $NATS_STORE_DIR }
authorization { users: [ { user: ${user.user}, password: ${user.pass} } ] }`;
  const nats = await startPrivateNats({ configuration: plain, env: {}, ...user });
  const target = new URL(nats.url);
  const proxy = await proxyTo({ host: target.hostname, port: Number(target.port) });
  let written = 0;
  return {
    proxy,
    port: proxy.port,
    async show(what) {
      const pair = SHOWN[what]();
      written += 1;
      const files = pair && (await writePair(folder, `nats-${written}`, pair));
      const tls = files && `\ntls { cert_file: "${files.cert}", key_file: "${files.key}" }`;
      await nats.reload(`${plain}${tls ?? ''}\n# ${written}`);
    },
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await nats[Symbol.asyncDispose]();
    },
  };
}

/** @param folder for what it shows */
export async function certifiedRedis(folder: string): Promise<CertifiedServer> {
  const redis = await startPrivateRedis();
  const plain = Number(new URL(redis.url).port);
  const secure = await freePort();
  const operator = new Redis(redis.url);
  const target = { host: '127.0.0.1', port: plain };
  const proxy = await proxyTo(target);
  let written = 0;
  return {
    proxy,
    port: proxy.port,
    async show(what) {
      const pair = SHOWN[what]();
      target.port = pair === null ? plain : secure;
      if (pair === null) return;
      written += 1;
      const { cert, key } = await writePair(folder, `redis-${written}`, pair);
      const files = ['tls-cert-file', cert, 'tls-key-file', key, 'tls-auth-clients', 'no'];
      await operator.call('CONFIG', 'SET', ...files, 'tls-port', String(secure));
    },
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      operator.disconnect();
      await redis[Symbol.asyncDispose]();
    },
  };
}

/** @param answer of every call, as auth would give it */
export async function certifiedAuth(answer: string): Promise<CertifiedServer> {
  const plain = createHttpServer((_, response) => response.end(answer));
  const secure = createHttpsServer(authority.issue(), (_, response) => response.end(answer));
  const target = { host: '127.0.0.1', port: await listening(secure) };
  await listening(plain);
  const proxy = await proxyTo(target);
  return {
    proxy,
    port: proxy.port,
    async show(what) {
      const pair = SHOWN[what]();
      target.port = portOf(pair === null ? plain : secure);
      if (pair !== null) secure.setSecureContext(pair);
    },
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      for (const server of [plain, secure]) {
        server.closeAllConnections();
        server.close();
      }
    },
  };
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return portOf(server);
}

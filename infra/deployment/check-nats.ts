/**
 * Three NATS servers with the configuration of the production-like file of compose: what they have acknowledged is
 * there after the leader of its stream was killed, and after all were.
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { freePort, TestProcess } from '@portcullis/testbed';
import { makeCertificates } from './certificates.ts';
import { ROOT } from '../paths.ts';

const STREAM = 'PORTCULLIS_REVOCATIONS';
const SUBJECT = 'portcullis.revocation.v1.session';
const MESSAGES = 100;
const WAIT_MS = 30_000;
const SERVERS = [0, 1, 2] as const;
const PASSWORD = 'of-a-check-alone';

interface Cluster {
  readonly program: string;
  readonly folder: string;
  readonly ports: readonly number[];
  readonly routes: readonly number[];
  readonly monitors: readonly number[];
  readonly running: TestProcess[];
}

/**
 * @param program nats-server, 2.10 or later
 * @param folder that is empty
 * @returns what was seen
 * @throws {Error} when an acknowledged message is lost, or the configuration is not in force
 */
export async function checkNats(program: string, folder: string): Promise<string> {
  const cluster = await prepare(program, folder);
  try {
    for (const server of SERVERS) start(cluster, server);
    const acknowledged = await publishAround(cluster);
    for (const server of SERVERS) await kill(cluster, server);
    for (const server of SERVERS) start(cluster, server);
    await mustHold(cluster, acknowledged, 'after all three were killed');
    await mustSync(cluster);
    return `${acknowledged} acknowledged messages, none lost; each write is synced`;
  } finally {
    for (const server of cluster.running) server.kill();
    await Promise.all(cluster.running.map(({ exited }) => exited));
  }
}

async function prepare(program: string, folder: string): Promise<Cluster> {
  const certificates = join(folder, 'certificates');
  mkdirSync(certificates, { recursive: true });
  makeCertificates(certificates, 'nats');
  copyFileSync(join(ROOT, 'infra/nats/nats.conf'), join(folder, 'nats.conf'));
  const text = readFileSync(join(ROOT, 'infra/compose/nats-cluster.conf'), 'utf8');
  writeFileSync(
    join(folder, 'nats-cluster.conf'),
    text.replaceAll('/run/certificates', certificates),
  );
  const three = async (): Promise<number[]> => await Promise.all(SERVERS.map(() => freePort()));
  const [ports, routes, monitors] = [await three(), await three(), await three()];
  return { program, folder, ports, routes, monitors, running: [] };
}

function start(cluster: Cluster, server: number): void {
  const { folder, ports, routes, monitors } = cluster;
  const quoted = (text: string): string => `"${text}"`;
  const passwords = ['LAUNCHER', 'AUTH', 'USER', 'ADMIN'].map((user) => [
    `NATS_${user}_PASSWORD`,
    quoted(PASSWORD),
  ]);
  const others = routes.map((port, index) => [
    `NATS_ROUTE_${index + 1}`,
    quoted(`nats://127.0.0.1:${port}`),
  ]);
  cluster.running[server] = new TestProcess({
    name: `nats-${server + 1}`,
    command: cluster.program,
    args: ['-c', join(folder, 'nats-cluster.conf'), '--http_port', String(monitors[server])],
    env: {
      ...Object.fromEntries([...passwords, ...others]),
      NATS_SERVER_NAME: quoted(`nats-${server + 1}`),
      NATS_LISTEN: quoted(`127.0.0.1:${ports[server]}`),
      NATS_CLUSTER_LISTEN: quoted(`127.0.0.1:${routes[server]}`),
      NATS_STORE_DIR: quoted(join(folder, `store-${server + 1}`)),
    },
  });
}

async function kill(cluster: Cluster, server: number): Promise<void> {
  cluster.running[server]?.kill('SIGKILL');
  await cluster.running[server]?.exited;
}

async function connectTo({ folder, ports }: Cluster): Promise<NatsConnection> {
  const ca = readFileSync(join(folder, 'certificates/authority.pem'), 'utf8');
  return await connect({
    servers: ports.map((port) => `127.0.0.1:${port}`),
    ignoreClusterUpdates: true,
    inboxPrefix: '_INBOX.portcullis.auth',
    maxReconnectAttempts: -1,
    pass: PASSWORD,
    reconnectTimeWait: 100,
    tls: { ca },
    user: 'auth',
    waitOnFirstConnect: true,
  });
}

/** Kills the leader of the stream in the middle. @returns how many messages were acknowledged */
async function publishAround(cluster: Cluster): Promise<number> {
  const connection = await connectTo(cluster);
  try {
    const manager = await within(() => jetstreamManager(connection, { checkAPI: false }));
    const settings = { name: STREAM, subjects: ['portcullis.revocation.v1.*'], num_replicas: 3 };
    const { cluster: placed } = await within(() => manager.streams.add(settings));
    let acknowledged = await publish(connection);
    const leader = Number(placed?.leader?.split('-')[1]) - 1;
    await kill(cluster, leader);
    acknowledged += await publish(connection);
    await mustHold(cluster, acknowledged, 'after its leader was killed');
    return acknowledged;
  } finally {
    await connection.close();
  }
}

async function publish(connection: NatsConnection): Promise<number> {
  const stream = jetstream(connection);
  for (let sent = 0; sent < MESSAGES; sent += 1) {
    const msgID = `${connection.stats().outMsgs}-${sent}`;
    await within(() => stream.publish(SUBJECT, 'x', { msgID, timeout: 2_000 }));
  }
  return MESSAGES;
}

async function mustHold(cluster: Cluster, acknowledged: number, when: string): Promise<void> {
  const connection = await connectTo(cluster);
  try {
    const manager = await within(() => jetstreamManager(connection, { checkAPI: false }));
    const { state } = await within(() => manager.streams.info(STREAM));
    if (state.messages >= acknowledged) return;
    throw new Error(
      `${acknowledged} messages were acknowledged; ${when} there are ${state.messages}`,
    );
  } finally {
    await connection.close();
  }
}

async function mustSync({ monitors }: Cluster): Promise<void> {
  for (const port of monitors) {
    const response = await fetch(`http://127.0.0.1:${port}/jsz`);
    const answer: { config?: { sync_always?: boolean } } = await response.json();
    if (answer.config?.sync_always !== true) throw new Error('a server does not sync each write');
  }
}

/** Servers elect their leaders first: what fails is asked again, for 30 s. */
async function within<T>(work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + WAIT_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(200);
    }
  }
}

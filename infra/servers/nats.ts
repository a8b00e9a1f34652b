import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { runServer, type AnsweringServer } from './run-server.ts';
import type { Session } from '../lifetime/session.ts';
import { prepareNats, type BusUsers } from '../nats/users.ts';

export async function startNats(
  session: Session,
  binary: string,
  { busUsers }: { busUsers: BusUsers },
): Promise<AnsweringServer> {
  const store = join(session.dataFolder, 'nats');
  mkdirSync(store, { recursive: true });
  const { dataFolder } = session;
  const { configuration, credentials, passwords } = prepareNats(dataFolder, busUsers, {
    keeps: busUsers === 'each',
  });
  const quoted = Object.entries(passwords).map(([name, value]) => [name, JSON.stringify(value)]);
  return runServer(session, 'nats', (port) => ({
    url: `nats://${credentials}@127.0.0.1:${port}`,
    argv: [binary, '-c', configuration],
    env: {
      NATS_LISTEN: JSON.stringify(`127.0.0.1:${port}`),
      NATS_STORE_DIR: JSON.stringify(store),
      ...(busUsers === 'each' ? {} : Object.fromEntries(quoted)),
    },
    cwd: session.dataFolder,
    graceMs: 10_000,
  }));
}

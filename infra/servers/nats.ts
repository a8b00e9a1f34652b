import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runServer } from './run-server.ts';
import type { Session } from '../lifetime/session.ts';
import { secret } from '../secrets.ts';

const CONFIG = join(dirname(dirname(fileURLToPath(import.meta.url))), 'nats', 'nats.conf');
const USER = 'portcullis';

export async function startNats(session: Session, binary: string): Promise<string> {
  const store = join(session.dataFolder, 'nats');
  mkdirSync(store, { recursive: true });
  const password = secret(session.dataFolder, 'nats');
  return runServer(session, 'nats', (port) => ({
    url: `nats://${USER}:${password}@127.0.0.1:${port}`,
    argv: [binary, '-c', CONFIG],
    env: {
      NATS_LISTEN: JSON.stringify(`127.0.0.1:${port}`),
      NATS_STORE_DIR: JSON.stringify(store),
      NATS_USER: USER,
      NATS_PASSWORD: JSON.stringify(password),
    },
    cwd: session.dataFolder,
    graceMs: 10_000,
  }));
}

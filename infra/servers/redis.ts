import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runServer, type AnsweringServer } from './run-server.ts';
import type { Session } from '../lifetime/session.ts';
import { secret } from '../secrets.ts';

export async function startRedis(
  session: Session,
  binary: string,
  { durable }: { durable: boolean },
): Promise<AnsweringServer> {
  const folder = join(session.dataFolder, 'redis');
  mkdirSync(folder, { recursive: true });
  const password = secret(session.dataFolder, 'redis');
  // A file, because a password among the arguments is in everyone's process list.
  const config = join(folder, 'redis.conf');
  return runServer(session, 'redis', (port) => {
    const lines = [
      'bind 127.0.0.1',
      `port ${port}`,
      `dir ${JSON.stringify(folder)}`,
      `requirepass ${password}`,
      `appendonly ${durable ? 'yes' : 'no'}`,
      'appendfsync everysec',
      'save ""',
      'daemonize no',
      // Keys of jobs and limits must not be dropped behind the back of the code that counts on them.
      'maxmemory-policy noeviction',
    ];
    writeFileSync(config, `${lines.join('\n')}\n`, { mode: 0o600 });
    return {
      url: `redis://:${password}@127.0.0.1:${port}`,
      argv: [binary, config],
      env: { PATH: process.env['PATH'], LC_ALL: 'C' },
      cwd: folder,
      graceMs: 10_000,
    };
  });
}

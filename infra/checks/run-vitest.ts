import { join } from 'node:path';
import { vitestCounts, type Counts } from './counts.ts';
import { runCommand } from '../lifetime/run-command.ts';
import type { Session } from '../lifetime/session.ts';
import { tool } from '../paths.ts';
import type { RunningServers } from '../servers/bring-up.ts';
import { ADDRESS_SETTING } from '../system/server-name.ts';

/** Runs the tests against these servers. Each test file makes its own database and prefixes. */
export async function runVitest(
  session: Session,
  servers: RunningServers,
  filters: readonly string[],
): Promise<Counts> {
  const report = join(session.dataFolder, 'vitest.json');
  const status = await runCommand(session.supervisor, {
    name: 'vitest',
    argv: [
      tool('vitest'),
      ...['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
      ...filters,
    ],
    env: testEnvironment(servers),
    output: 'inherit',
  });
  session.signal.throwIfAborted();
  return vitestCounts(report, status);
}

/** How long the tests are, the seed that they begin with, and where pictures of the pages of auth are put, if anywhere. */
const TEST_SETTINGS = ['PORTCULLIS_TEST_LONG', 'PORTCULLIS_TEST_SEED', 'PORTCULLIS_TEST_PICTURES'];

/** All that a program needs to find the servers for tests. */
export function testEnvironment({ postgres, nats, redis }: RunningServers): NodeJS.ProcessEnv {
  // The user's own settings must not decide what the tests find.
  const own = Object.values(ADDRESS_SETTING);
  const inherited = Object.entries(process.env).filter(
    ([name]) =>
      TEST_SETTINGS.includes(name) ||
      (!own.includes(name) && name !== 'PORT' && !name.startsWith('PORTCULLIS_')),
  );
  return {
    ...Object.fromEntries(inherited),
    PORTCULLIS_TEST_POSTGRES_URL: postgres.url,
    PORTCULLIS_TEST_NATS_URL: nats.url,
    PORTCULLIS_TEST_REDIS_URL: redis.url,
    // Where programs of this machine run, a test may start servers of its own to kill and pause.
    ...(postgres.program && { PORTCULLIS_TEST_POSTGRES_BIN_DIR: postgres.program }),
    ...(nats.program && { PORTCULLIS_TEST_NATS_BIN: nats.program }),
    ...(redis.program && { PORTCULLIS_TEST_REDIS_BIN: redis.program }),
  };
}

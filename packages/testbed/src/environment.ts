/** The only file here that reads the environment: where the servers for tests are. */

export interface TestServers {
  postgresUrl: string;
  natsUrl: string;
  redisUrl: string;
}

/** @throws Error that says how to run the tests, when the servers are not known */
export function testServers(): TestServers {
  return {
    postgresUrl: required('PORTCULLIS_TEST_POSTGRES_URL'),
    natsUrl: required('PORTCULLIS_TEST_NATS_URL'),
    redisUrl: required('PORTCULLIS_TEST_REDIS_URL'),
  };
}

/** Programs that a fault test starts for itself; found on the PATH unless named. */
export function testProgram(name: 'nats-server' | 'redis-server'): string {
  const variable =
    name === 'nats-server' ? 'PORTCULLIS_TEST_NATS_BIN' : 'PORTCULLIS_TEST_REDIS_BIN';
  return process.env[variable] ?? name;
}

/**
 * How often a test does something: `short` as a part of all tests, `long` where
 * PORTCULLIS_TEST_LONG is 1.
 */
export function rounds({ short, long }: { short: number; long: number }): number {
  return process.env['PORTCULLIS_TEST_LONG'] === '1' ? long : short;
}

/** PORTCULLIS_TEST_SEED, to repeat a run; else another one each time. Print it with every failure. */
export function testSeed(): number {
  const given = Number(process.env['PORTCULLIS_TEST_SEED']);
  return Number.isSafeInteger(given) && given > 0 ? given : 1 + (Date.now() % 1_000_000_000);
}

/** What every child process gets of this one's environment: enough to run, nothing that steers it. */
export function inheritedEnvironment(): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ']) {
    const value = process.env[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') {
    throw new Error(
      `${name} is not set. Tests use real servers, which "npm test" starts; ` +
        'for a single file: npm test -- path/to/the.test.ts',
    );
  }
  return value;
}

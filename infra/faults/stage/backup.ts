/** A backup of the stage's auth database, and its restore by the documented command. */
import { nodeWords, run, testServers } from '@portcullis/testbed';
import postgres from 'postgres';
import type { Stage } from './stage.ts';

export interface Backup extends AsyncDisposable {
  /**
   * Stops auth, puts the database back, runs the command, and starts auth. Nothing else is restarted.
   *
   * @param meanwhile while auth is down
   * @param times how often the command is run
   * @returns what it has said the first time
   */
  restore(meanwhile: () => Promise<void>, times: number): Promise<string>;
}

/** Takes it beside running instances; their connections are lost for a moment. */
export async function takeBackup(stage: Stage): Promise<Backup> {
  const { bed, instances, log } = stage;
  const name = new URL(bed.databaseUrls.auth).pathname.slice(1);
  const copy = `${name}_backup`;
  const drop = `drop database if exists ${copy} with (force)`;
  const noOthers = `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`;
  await log.away(() =>
    onServer(
      `alter database ${name} with allow_connections false`,
      noOthers,
      `create database ${copy} template ${name}`,
      `alter database ${name} with allow_connections true`,
    ),
  );

  return {
    async restore(meanwhile, times) {
      await Promise.all(instances.map(async ({ service }) => await service.stop()));
      await log.away(() =>
        onServer(`drop database ${name} with (force)`, `create database ${name} template ${copy}`),
      );
      await log.noteLost();
      await meanwhile();
      const said = await afterRestore(stage);
      for (let time = 1; time < times; time += 1) await afterRestore(stage);
      await Promise.all(instances.map(async ({ service }) => await service.restart()));
      return said;
    },
    [Symbol.asyncDispose]: () => onServer(drop),
  };
}

async function afterRestore({ bed, instances, nats }: Stage): Promise<string> {
  return await run({
    name: 'after-restore',
    command: process.execPath,
    args: nodeWords('apps/auth/src/commands/after-restore.ts'),
    env: {
      NODE_ENV: 'test',
      ...instances[0].service.env,
      DATABASE_URL: bed.databaseUrls.auth,
      NATS_URL: nats.url,
    },
  });
}

async function onServer(...statements: string[]): Promise<void> {
  const sql = postgres(testServers().postgresUrl, { max: 1, onnotice: () => {} });
  try {
    for (const statement of statements) await sql.unsafe(statement);
  } finally {
    await sql.end();
  }
}

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { ServerName } from '../system/server-name.ts';
import { runCommand } from '../lifetime/run-command.ts';
import type { Session } from '../lifetime/session.ts';
import { stage } from '../lifetime/supervisor.ts';
import { tail } from '../lifetime/tail.ts';
import { prepareNats, type BusUsers } from '../nats/users.ts';
import { CHECKOUT_ID, ROOT } from '../paths.ts';
import { secret } from '../secrets.ts';
import { rememberedPort } from '../system/free-port.ts';

const ENGINE_TIMEOUT_MS = 4_000;
/** What ends them, in the register. */
export const COMPOSE = 'docker compose';

/** Whether a Docker engine answers and the compose plugin is there. */
export function composeAnswers(): boolean {
  const answers = (...argv: string[]): boolean =>
    spawnSync('docker', argv, { stdio: 'ignore', timeout: ENGINE_TIMEOUT_MS }).status === 0;
  return answers('info') && answers('compose', 'version');
}

/**
 * Runs servers as containers.
 * @returns their URLs, or why it could not: the next way is tried then
 */
export async function startWithCompose(
  session: Session,
  servers: readonly ServerName[],
  {
    busUsers,
    countsStatements = false,
  }: { busUsers: BusUsers; countsStatements?: boolean | undefined },
): Promise<Map<ServerName, string> | string> {
  const ports = {
    postgres: await rememberedPort(session.dataFolder, 'postgres'),
    nats: await rememberedPort(session.dataFolder, 'nats'),
    redis: await rememberedPort(session.dataFolder, 'redis'),
  };
  const passwords = {
    postgres: secret(session.dataFolder, 'postgres'),
    redis: secret(session.dataFolder, 'redis'),
  };
  const settings = join(session.dataFolder, 'secrets', 'compose.env');
  const nats = prepareNats(session.dataFolder, busUsers);
  const rows = [
    ...Object.entries(ports).map(([name, port]) => [`${name.toUpperCase()}_PORT`, port]),
    ...Object.entries(passwords).map(([name, word]) => [`${name.toUpperCase()}_PASSWORD`, word]),
    ...Object.entries(nats.passwords),
    ['NATS_CONFIGURATION', nats.configuration],
    ['POSTGRES_LIBRARIES', countsStatements ? 'pg_stat_statements' : ''],
  ].map(([name, value]) => `PORTCULLIS_${name}=${value}`);
  writeFileSync(settings, `${rows.join('\n')}\n`, { mode: 0o600 });

  const passwordsOfNats = passwordFile(session, nats.passwords);
  const compose: [string, ...string[]] = [
    ...([
      'docker',
      'compose',
      '--env-file',
      settings,
      '-f',
      join(ROOT, 'docker-compose.yml'),
      '-f',
      passwordsOfNats,
    ] as const),
    ...['-p', `portcullis-${CHECKOUT_ID}-${basename(session.dataFolder)}`],
  ];
  const isTestRun = basename(session.dataFolder).startsWith('test-');
  await session.supervisor.own({
    kind: 'command',
    name: COMPOSE,
    argv: [...compose, ...(isTestRun ? ['down', '--volumes'] : ['down'])],
    cwd: ROOT,
    stage: stage.database,
  });
  const log = join(session.dataFolder, 'logs', 'compose.log');
  const status = await runCommand(session.supervisor, {
    name: COMPOSE,
    argv: [...compose, 'up', '--detach', '--wait', ...servers],
    output: { file: log },
  });
  if (status !== 0) return tail(log, 3);
  const urls: Record<ServerName, string> = {
    postgres: `postgres://portcullis:${passwords.postgres}@127.0.0.1:${ports.postgres}/postgres`,
    nats: `nats://${nats.credentials}@127.0.0.1:${ports.nats}`,
    redis: `redis://:${passwords.redis}@127.0.0.1:${ports.redis}`,
  };
  return new Map(servers.map((name) => [name, urls[name]]));
}

/**
 * docker-compose.yml gives NATS the passwords of the users that it knows; this adds those of services of
 * the reader's own. It names variables of the file beside it, and holds no secret. JSON is YAML, too.
 */
function passwordFile({ dataFolder }: Session, passwords: Record<string, string>): string {
  const file = join(dataFolder, 'secrets', 'compose.nats.yml');
  const environment = Object.keys(passwords).map((name) => [name, `"\${PORTCULLIS_${name}:?}"`]);
  const nats = { environment: Object.fromEntries(environment) };
  writeFileSync(file, JSON.stringify({ services: { nats } }), { mode: 0o600 });
  return file;
}

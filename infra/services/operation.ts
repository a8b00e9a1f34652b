/** Operations on auth's database that an operator runs, in production or beside the launcher's data. */
import { spawnSync } from 'node:child_process';
import { chosenPorts, DATABASES, program } from './catalogue.ts';
import { build } from './build.ts';
import { runningSystem } from './running-system.ts';
import { prepareDatabases } from './system.ts';
import { runCommand } from '../lifetime/run-command.ts';
import { inSession, type Session } from '../lifetime/session.ts';
import { DEV_FOLDER, ROOT } from '../paths.ts';
import { secret } from '../secrets.ts';
import { notedPort } from '../system/free-port.ts';

/** What says that this is the environment of an auth that the launcher has nothing to do with. */
const OF_AUTH = ['DATABASE_URL', 'NATS_URL', 'PORTCULLIS_KEY_ENCRYPTION_KEY'] as const;

const isGiven = (name: string): boolean =>
  Boolean(process.env[name]) || Boolean(process.env[`${name}_FILE`]);

export interface Operation {
  /** Of `npm run` and of auth's command. */
  name: 'after-restore' | 'break-glass';
  words: readonly string[];
  /** Whether it may run while the launcher's own auth does. */
  beside: boolean;
}

/**
 * Runs it with the environment as it is, where that is auth's; else on the launcher's system, whose
 * servers are brought up for it where they are down.
 *
 * @returns its exit status
 */
export async function runOperation(operation: Operation): Promise<number> {
  const { name, beside } = operation;
  if (!OF_AUTH.every(isGiven) && beside && runningSystem(DEV_FOLDER) !== undefined) {
    return besideLauncher(operation);
  }
  return await inSession(DEV_FOLDER, `npm run ${name}`, async (session) => {
    if (OF_AUTH.every(isGiven)) {
      await build(session);
      return await run(session, operation, process.env);
    }
    const { environments } = await prepareDatabases(session, chosenPorts());
    console.log();
    return await run(session, operation, environments.auth);
  });
}

async function run(
  session: Session,
  { name, words }: Operation,
  env: NodeJS.ProcessEnv,
): Promise<number> {
  return await runCommand(session.supervisor, {
    name,
    argv: [process.execPath, program('auth', `commands/${name}.js`), ...words],
    env,
    output: 'inherit',
  });
}

/** `npm start` has built the command, and holds the lock of the folder. */
function besideLauncher({ name, words }: Operation): number {
  const { status } = spawnSync(
    process.execPath,
    [program('auth', `commands/${name}.js`), ...words],
    {
      cwd: ROOT,
      stdio: 'inherit',
      env: { ...process.env, NODE_ENV: 'development', DATABASE_URL: launchersDatabase() },
    },
  );
  return status ?? 1;
}

function launchersDatabase(): string {
  const given = process.env['DATABASE_URL'];
  const location = new URL(given ?? 'postgres://127.0.0.1');
  location.pathname = `/${DATABASES.auth}`;
  if (given) return location.href;
  location.username = DATABASES.auth;
  location.password = secret(DEV_FOLDER, 'postgres-auth');
  location.port = String(notedPort(DEV_FOLDER, 'postgres'));
  return location.href;
}

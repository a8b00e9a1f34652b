/** Commands of a service that an operator runs, in production or on the launcher's data. */
import { spawnSync } from 'node:child_process';
import { build } from './build.ts';
import { chosenPorts, program } from './catalogue.ts';
import { noted } from './noted-system.ts';
import { runningSystem } from './running-system.ts';
import { isGiven } from './settings.ts';
import { prepareDatabases } from './system.ts';
import { newTestFolder, ownFolder, removeAbandonedTestFolders } from '../system/test-folder.ts';
import { runCommand } from '../lifetime/run-command.ts';
import { inSession, type Session } from '../lifetime/session.ts';
import { CLOSED_OUTPUT, DEV_FOLDER, ROOT } from '../paths.ts';

/** Of each service with commands, what says that the environment is its own. */
const OWN = {
  auth: ['DATABASE_URL', 'NATS_URL', 'PORTCULLIS_KEY_ENCRYPTION_KEY'],
  user: ['DATABASE_URL', 'NATS_URL', 'PORTCULLIS_CLIENT_SECRET'],
} as const;

type Operated = keyof typeof OWN;

/** What a command is given about a client, beside the environment of its service. */
const OF_A_CLIENT = [
  'PORTCULLIS_CLIENT_ID',
  'PORTCULLIS_CLIENT_SECRET',
  'PORTCULLIS_CLIENT_JWKS',
] as const;

/** Must not run while auth does. */
const ALONE = 'after-restore';

interface Operation {
  service: Operated;
  command: string;
  words: readonly string[];
}

/**
 * Runs it with the environment as it is, where that is the service's; else on the launcher's system,
 * whose servers are brought up for it where they are down.
 *
 * @returns its exit status
 */
export async function runOperation(
  service: Operated,
  command: string,
  words: readonly string[],
): Promise<number> {
  const operation = { service, command, words };
  const itsOwn = OWN[service].every((name) => isGiven(name));
  if (!itsOwn && command !== ALONE && runningSystem(DEV_FOLDER) !== undefined) {
    return besideLauncher(operation);
  }
  const title = `npm run ${service} -- ${command}`;
  if (itsOwn) return await inItsOwnEnvironment(title, operation);
  return await inSession(DEV_FOLDER, title, async (session) => {
    const { environments } = await prepareDatabases(session, chosenPorts());
    console.log();
    return await run(session, operation, withClient(environments[service]));
  });
}

/** Has nothing to do with the launcher's data, so an `npm start` is not in its way. */
async function inItsOwnEnvironment(title: string, operation: Operation): Promise<number> {
  await removeAbandonedTestFolders();
  return await inSession(newTestFolder(), title, async (session) => {
    await ownFolder(session);
    await build(session);
    return await run(session, operation, process.env);
  });
}

async function run(
  session: Session,
  operation: Operation,
  env: NodeJS.ProcessEnv,
): Promise<number> {
  return await runCommand(session.supervisor, {
    name: operation.command,
    argv: [process.execPath, ...programOf(operation)],
    env,
    output: 'inherit',
  });
}

/** `npm start` has built the command, and holds the lock of the folder. */
function besideLauncher(operation: Operation): number {
  const { status } = spawnSync(process.execPath, programOf(operation), {
    cwd: ROOT,
    stdio: 'inherit',
    env: withClient(noted(DEV_FOLDER)[operation.service]),
  });
  return status ?? 1;
}

function programOf({ service, command, words }: Operation): string[] {
  return [...CLOSED_OUTPUT, program(service, `commands/${command}.js`), ...words];
}

/** The environment with what the shell has of a client instead of the service's own. */
export function withClient(
  own: Readonly<Record<string, string>>,
  shell: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const env = { ...own };
  for (const name of OF_A_CLIENT) {
    if (!isGiven(name, shell)) continue;
    for (const one of [name, `${name}_FILE`]) {
      // Both the one and the other would be "given twice".
      delete env[one];
      const value = shell[one];
      if (value) env[one] = value;
    }
  }
  return env;
}

import { readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ROOT } from '../paths.ts';
import type { ServicePorts } from './catalogue.ts';
import type { ServiceEnvironment } from './environment.ts';
import { SERVICES } from '../service-names.ts';
import { isAlive, self } from '../lifetime/process-identity.mjs';
import { StepFailure } from '../steps.ts';
import type { Session } from '../lifetime/session.ts';
import { isGiven } from './settings.ts';

const FILE = 'running.json';

/**
 * Leaves a note for commands beside the launcher: where this system listens, and what it goes by. Gone when the launcher is.
 *
 * @param auth the environment of auth
 */
export function noteRunning(
  { dataFolder, signal }: Session,
  ports: ServicePorts,
  auth: ServiceEnvironment,
): void {
  const file = join(dataFolder, FILE);
  const configFile = auth['PORTCULLIS_CONFIG_FILE'];
  const noted: Note = {
    ...self(),
    ports,
    given: givenHere(),
    configFile: configFile === undefined ? null : realpathSync(resolve(ROOT, configFile)),
  };
  writeFileSync(file, JSON.stringify(noted));
  signal.addEventListener('abort', () => rmSync(file, { force: true }), { once: true });
}

interface Note {
  pid: number;
  start: string;
  ports: ServicePorts;
  /** Which of `SHARED` the launcher was given. */
  given?: readonly string[];
  /** Which file with roles and permissions auth follows; null where its shell gave these as a text. */
  configFile?: string | null;
}

/** What a command beside the launcher has to be given as the launcher was, since the services were. */
const SHARED = [
  'DATABASE_URL',
  'NATS_URL',
  'REDIS_URL',
  'PORTCULLIS_ISSUER',
  'PORTCULLIS_PREFIX',
] as const;

const givenHere = (): string[] => SHARED.filter((name) => isGiven(name));

/** The system that a command works on does not run. */
export class SystemNotRunning extends StepFailure {
  override name = 'SystemNotRunning';
}

/**
 * For a command that works on the system that runs, with the settings of its own shell.
 *
 * @param again the command, as it is typed
 * @throws {SystemNotRunning} while none runs
 * @throws {StepFailure} while it runs with other servers than this shell names
 */
export function demandRunning(dataFolder: string, again: string): ServicePorts {
  const note = readNote(dataFolder);
  if (note === undefined) {
    throw new SystemNotRunning('The system does not run, and nothing was changed.', {
      fix: `npm start, in another terminal; once it says that Portcullis is ready: ${again}`,
    });
  }
  const { given = [], ports } = note;
  const here = givenHere();
  const lacking = given.filter((name) => !here.some((one) => one === name));
  if (lacking.length > 0) {
    throw new StepFailure(`npm start was given ${lacking.join(', ')}, and this command was not.`, {
      fix: `export ${lacking.join(' ')} as for npm start; then: ${again}`,
    });
  }
  const beyond = here.filter((name) => !given.includes(name));
  if (beyond.length > 0) {
    throw new StepFailure(`This command was given ${beyond.join(', ')}, and npm start was not.`, {
      fix: `unset ${beyond.join(' ')}; then: ${again}`,
    });
  }
  return ports;
}

function isNote(value: unknown): value is Note {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, start, ports }: Partial<Note> = value;
  return (
    typeof pid === 'number' &&
    typeof start === 'string' &&
    SERVICES.every((service) => Number.isInteger(ports?.[service]))
  );
}

/**
 * For a command that starts the system: there is one in a checkout.
 *
 * @throws {StepFailure} with its address, while one runs
 */
export function requireNoneRunning(dataFolder: string): void {
  const running = runningSystem(dataFolder);
  if (running === undefined) return;
  throw new StepFailure(`npm start already runs: http://localhost:${running.auth} answers.`, {
    fix: 'use it as it is; Ctrl-C in its terminal ends it',
  });
}

/** The ports of the system that runs in this data folder, if one does. */
export function runningSystem(dataFolder: string): ServicePorts | undefined {
  return readNote(dataFolder)?.ports;
}

/** @returns undefined while no system runs; null where auth was given roles and permissions as a text, and follows no file */
export function followedConfigFile(dataFolder: string): string | null | undefined {
  return readNote(dataFolder)?.configFile;
}

function readNote(dataFolder: string): Note | undefined {
  try {
    const noted: unknown = JSON.parse(readFileSync(join(dataFolder, FILE), 'utf8'));
    return isNote(noted) && isAlive(noted) ? noted : undefined;
  } catch {
    return undefined;
  }
}

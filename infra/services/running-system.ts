import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServicePorts } from './catalogue.ts';
import { SERVICES } from '../service-names.ts';
import { isAlive, self } from '../lifetime/process-identity.mjs';
import { StepFailure } from '../steps.ts';
import type { Session } from '../lifetime/session.ts';

const FILE = 'running.json';

/** Leaves a note for `npm run demo` where this system listens; gone when the launcher is. */
export function noteRunning({ dataFolder, signal }: Session, ports: ServicePorts): void {
  const file = join(dataFolder, FILE);
  writeFileSync(file, JSON.stringify({ ...self(), ports }));
  signal.addEventListener('abort', () => rmSync(file, { force: true }), { once: true });
}

interface Note {
  pid: number;
  start: string;
  ports: ServicePorts;
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
  try {
    const noted: unknown = JSON.parse(readFileSync(join(dataFolder, FILE), 'utf8'));
    return isNote(noted) && isAlive(noted) ? noted.ports : undefined;
  } catch {
    return undefined;
  }
}

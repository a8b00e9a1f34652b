/** A command of auth on the database of the system that runs, whose output is read. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { ROOT } from '../paths.ts';
import { program } from '../services/catalogue.ts';
import { databaseOf } from '../services/noted-system.ts';

export interface Ended {
  readonly succeeded: boolean;
  /** Of both its outputs. */
  readonly output: string;
}

/** @param settings what the command reads beside the database */
export async function runAuthCommand(
  dataFolder: string,
  command: 'ensure-client' | 'disable-client' | 'apply-config',
  words: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [program('auth', `commands/${command}.js`), ...words], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      NODE_ENV: 'development',
      DATABASE_URL: databaseOf(dataFolder, 'auth'),
      ...settings,
    },
  });
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return { succeeded: status === 0, output: `${stdout}${stderr}`.trim() };
}

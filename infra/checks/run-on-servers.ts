/** Programs that measure and break things, each on servers of its own. */
import { execFileSync } from 'node:child_process';
import { testEnvironment } from './run-vitest.ts';
import { runCommand } from '../lifetime/run-command.ts';
import { inSession, type Session } from '../lifetime/session.ts';
import { Unavailable } from '../matrix/unavailable.ts';
import { CLOSED_OUTPUT, ROOT } from '../paths.ts';
import { bringUpServers } from '../servers/bring-up.ts';
import { build } from '../services/build.ts';
import { note, step } from '../steps.ts';
import { newTestFolder, ownFolder, removeAbandonedTestFolders } from '../system/test-folder.ts';
import { nearest } from '../usage/nearest.mjs';
import { WrongUsage } from '../usage/read-words.mjs';

export interface Program {
  /** As in `npm run NAME`. */
  readonly name: string;
  readonly file: string;
  /** Whether the servers keep what they commit. */
  readonly durable: boolean;
  /** Whether PostgreSQL has to count what each statement takes. */
  readonly countsStatements?: boolean;
  readonly node?: string;
}

/** What it runs by: this Node, unless it is given another. */
const argvOf = ({ file, node = process.execPath }: Program) =>
  [node, ...CLOSED_OUTPUT, '--conditions=portcullis-source', '--import', 'tsx', file] as const;

const NOT_RUN = 3;

/**
 * @param wordsIn what it is given, once there is a session
 * @returns its exit status; 3 where `wordsIn` throws that something cannot be had here
 */
export async function runOnServers(
  program: Program,
  wordsIn: (session: Session) => Promise<readonly string[]>,
): Promise<number> {
  const { name, durable, countsStatements } = program;
  await removeAbandonedTestFolders();
  return await inSession(newTestFolder(), `npm run ${name}`, async (session) => {
    await ownFolder(session);
    let words: readonly string[];
    try {
      words = await wordsIn(session);
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      note(`NOT RUN: ${error.message}`);
      return NOT_RUN;
    }
    // Services are run as they were built.
    await step('build', async () => await build(session));
    const servers = await bringUpServers(session, {
      durable,
      busUsers: 'one',
      countsStatements,
    });
    return await runCommand(session.supervisor, {
      name,
      argv: [...argvOf(program), ...words],
      env: testEnvironment(servers),
      output: 'inherit',
    });
  });
}

/** What it can be asked for, each with what it is about; it needs no servers to say so. */
export function listOf(program: Program): string {
  const [node, ...words] = argvOf(program);
  return execFileSync(node, [...words, '--list'], { cwd: ROOT, encoding: 'utf8' }).trimEnd();
}

/** @throws {WrongUsage} for one that is not in its list; a name before the slash stands for a family */
export function requireListed(program: Program, asked: readonly string[]): void {
  if (asked.length === 0) return;
  const names = [...listOf(program).matchAll(/^ *(\S+)/gm)].map(([, name = '']) => name);
  const known = [...names, ...names.flatMap((name) => /^[^/]+(?=\/)/.exec(name) ?? [])];
  for (const name of asked) {
    if (known.includes(name)) continue;
    throw new WrongUsage(
      `npm run ${program.name}`,
      `there is no ${name}; --list names all`,
      nearest(name, known),
    );
  }
}

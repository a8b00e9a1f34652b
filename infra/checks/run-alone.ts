import { newTestFolder, ownFolder, removeAbandonedTestFolders } from '../system/test-folder.ts';
import { runCommand } from '../lifetime/run-command.ts';
import { inSession } from '../lifetime/session.ts';
import { CLOSED_OUTPUT } from '../paths.ts';

/** A program that needs no servers. @returns its exit status */
export async function runAlone(
  name: string,
  argv: readonly [string, ...string[]],
  env: NodeJS.ProcessEnv = process.env,
): Promise<number> {
  await removeAbandonedTestFolders();
  return await inSession(newTestFolder(), name, async (session) => {
    await ownFolder(session);
    return await runCommand(session.supervisor, { name, argv, env, output: 'inherit' });
  });
}

/** The same for a program in TypeScript, on the sources of the packages. */
export async function runSource(
  name: string,
  file: string,
  words: readonly string[],
): Promise<number> {
  const flags = [...CLOSED_OUTPUT, '--conditions=portcullis-source', '--import', 'tsx'];
  return await runAlone(`npm run ${name}`, [process.execPath, ...flags, file, ...words]);
}

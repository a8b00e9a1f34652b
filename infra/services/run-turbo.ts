import { turbo, turboEnvironment } from './build.ts';
import { newTestFolder, ownFolder, removeAbandonedTestFolders } from '../system/test-folder.ts';
import { runCommand } from '../lifetime/run-command.ts';
import { inSession } from '../lifetime/session.ts';

/** A task of turbo, with or without pnpm on PATH. @returns its exit status */
export async function runTurbo(name: string, words: readonly string[]): Promise<number> {
  await removeAbandonedTestFolders();
  return await inSession(newTestFolder(), name, async (session) => {
    await ownFolder(session);
    return await runCommand(session.supervisor, {
      name,
      argv: turbo(...words),
      env: turboEnvironment(),
      output: 'inherit',
    });
  });
}

import { testEnvironment } from './checks/run-vitest.ts';
import { newTestFolder, ownFolder, removeAbandonedTestFolders } from './system/test-folder.ts';
import { runCommand } from './lifetime/run-command.ts';
import { inSession } from './lifetime/session.ts';
import { bringUpServers } from './servers/bring-up.ts';
import { note } from './steps.ts';

/** `npm run timing`: whether the clock shows which addresses are known, on servers of its own. */
export async function main(words: readonly string[]): Promise<number> {
  await removeAbandonedTestFolders();
  return inSession(newTestFolder(), 'npm run timing', async (session) => {
    await ownFolder(session);
    const servers = await bringUpServers(session, { durable: true, busUsers: 'one' });
    const status = await runCommand(session.supervisor, {
      name: 'timing',
      argv: [
        process.execPath,
        ...['--conditions=portcullis-source', '--import', 'tsx', 'apps/auth/timing/main.ts'],
        ...words,
      ],
      env: testEnvironment(servers),
      output: 'inherit',
    });
    // It may have been killed, and then has said nothing itself.
    if (status !== 0 && !session.signal.aborted) note(`timing ended with status ${status}`);
    return status;
  });
}

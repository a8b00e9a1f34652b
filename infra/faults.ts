import { testEnvironment } from './checks/run-vitest.ts';
import { newTestFolder, ownFolder, removeAbandonedTestFolders } from './system/test-folder.ts';
import { runCommand } from './lifetime/run-command.ts';
import { inSession } from './lifetime/session.ts';
import { bringUpServers } from './servers/bring-up.ts';

/** `npm run faults`: the fault suite against servers of its own. */
export async function main(words: readonly string[]): Promise<number> {
  await removeAbandonedTestFolders();
  return inSession(newTestFolder(), 'npm run faults', async (session) => {
    await ownFolder(session);
    const servers = await bringUpServers(session, { durable: false, busUsers: 'one' });
    return await runCommand(session.supervisor, {
      name: 'faults',
      argv: [
        process.execPath,
        ...['--conditions=portcullis-source', '--import', 'tsx', 'infra/faults/main.ts'],
        ...words,
      ],
      env: testEnvironment(servers),
      output: 'inherit',
    });
  });
}

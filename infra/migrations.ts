import { testEnvironment } from './checks/run-vitest.ts';
import { newTestFolder, ownFolder, removeAbandonedTestFolders } from './system/test-folder.ts';
import { runCommand } from './lifetime/run-command.ts';
import { inSession } from './lifetime/session.ts';
import { bringUpServers } from './servers/bring-up.ts';

/** `npm run migrations`: every migration under load, on servers of its own. */
export async function main(words: readonly string[]): Promise<number> {
  await removeAbandonedTestFolders();
  return inSession(newTestFolder(), 'npm run migrations', async (session) => {
    await ownFolder(session);
    const servers = await bringUpServers(session, { durable: false, busUsers: 'one' });
    return await runCommand(session.supervisor, {
      name: 'migrations',
      argv: [
        process.execPath,
        ...['--conditions=portcullis-source', '--import', 'tsx', 'infra/migrations/main.ts'],
        ...words,
      ],
      env: testEnvironment(servers),
      output: 'inherit',
    });
  });
}

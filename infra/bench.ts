import { testEnvironment } from './checks/run-vitest.ts';
import { newTestFolder, ownFolder, removeAbandonedTestFolders } from './checks/test-folder.ts';
import { runCommand } from './lifetime/run-command.ts';
import { inSession } from './lifetime/session.ts';
import { bringUpServers } from './servers/bring-up.ts';

/** `npm run bench [name …]`: the benchmarks, against servers of their own that keep what they commit. */
export async function main(words: readonly string[]): Promise<number> {
  await removeAbandonedTestFolders();
  return inSession(newTestFolder(), 'npm run bench', async (session) => {
    await ownFolder(session);
    const servers = await bringUpServers(session, { durable: true, busUsers: 'one' });
    return await runCommand(session.supervisor, {
      name: 'bench',
      argv: [
        process.execPath,
        ...['--conditions=portcullis-source', '--import', 'tsx', 'bench/main.ts'],
        ...words,
      ],
      env: testEnvironment(servers),
      output: 'inherit',
    });
  });
}

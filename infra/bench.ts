import { accessSync, constants } from 'node:fs';
import { resolve } from 'node:path';
import { testEnvironment } from './checks/run-vitest.ts';
import { newTestFolder, ownFolder, removeAbandonedTestFolders } from './system/test-folder.ts';
import { commitOf, installedAt } from './field/checkout-at.ts';
import { runCommand } from './lifetime/run-command.ts';
import { inSession } from './lifetime/session.ts';
import { bringUpServers } from './servers/bring-up.ts';

interface Asked {
  readonly words: readonly string[];
  readonly node: string;
  readonly commit: string | undefined;
}

/**
 * `npm run bench [name …]`: the benchmarks, against servers of their own that keep what they commit.
 *
 *   --at COMMIT   `verify/cold` beside that commit's verifier too
 *   --node PATH   by another Node than this one
 */
export async function main(words: readonly string[]): Promise<number> {
  const asked = readWords(words);
  if (typeof asked === 'string') {
    console.error(asked);
    return 2;
  }
  await removeAbandonedTestFolders();
  return inSession(newTestFolder(), 'npm run bench', async (session) => {
    await ownFolder(session);
    const { node, commit } = asked;
    const checkout = commit === undefined ? [] : ['--checkout', await installedAt(session, commit)];
    const servers = await bringUpServers(session, { durable: true, busUsers: 'one' });
    return await runCommand(session.supervisor, {
      name: 'bench',
      argv: [
        node,
        ...['--conditions=portcullis-source', '--import', 'tsx', 'bench/main.ts'],
        ...asked.words,
        ...checkout,
      ],
      env: testEnvironment(servers),
      output: 'inherit',
    });
  });
}

/** @returns what is wrong, where something is */
function readWords(all: readonly string[]): Asked | string {
  const words = all.filter((word) => word !== '--');
  const take = (name: string): string | undefined => {
    const at = words.indexOf(name);
    return at < 0 ? undefined : (words.splice(at, 2)[1] ?? '');
  };
  const [at, path] = [take('--at'), take('--node')];
  try {
    const node = path === undefined ? process.execPath : resolve(path);
    accessSync(node, constants.X_OK);
    return { words, node, commit: at === undefined ? undefined : commitOf(at) };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

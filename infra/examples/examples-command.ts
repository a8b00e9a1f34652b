/**
 * `npm run examples`: packs what is published, and has each project of `examples` installed by npm in a folder outside of
 * the workspace, type-checked and run beside a system of its own. `main.ts` is what does so; here is what it needs: a build.
 */
import { EXAMPLES } from './catalogue.ts';
import { runCommand } from '../lifetime/run-command.ts';
import { inSession } from '../lifetime/session.ts';
import { build } from '../services/build.ts';
import { step } from '../steps.ts';
import { newTestFolder, ownFolder, removeAbandonedTestFolders } from '../system/test-folder.ts';
import { nearest } from '../usage/nearest.mjs';
import { WrongUsage, type Words } from '../usage/read-words.mjs';

const RUNNER = ['--conditions=portcullis-source', '--import', 'tsx'];

/** @throws {WrongUsage} for an example that there is not */
export async function main({ names }: Words): Promise<number> {
  const known = [...EXAMPLES.map(({ name }) => name), 'newcomer'];
  for (const name of names) {
    if (known.some((one) => one === name)) continue;
    const what = `there is no example ${name}; there are ${known.join(', ')}`;
    throw new WrongUsage('npm run examples', what, nearest(name, known));
  }
  await removeAbandonedTestFolders();
  return await inSession(newTestFolder(), 'npm run examples', async (session) => {
    await ownFolder(session);
    await step('build', () => build(session));
    return await runCommand(session.supervisor, {
      name: 'examples',
      argv: [process.execPath, ...RUNNER, 'infra/examples/main.ts', ...names],
      output: 'inherit',
    });
  });
}

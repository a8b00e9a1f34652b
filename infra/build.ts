import { newTestFolder, ownFolder, removeAbandonedTestFolders } from './system/test-folder.ts';
import { inSession } from './lifetime/session.ts';
import { build } from './services/build.ts';
import { step } from './steps.ts';

/** `npm run build`: everything that has changed, beside a running `npm start` too. */
export async function main(): Promise<number> {
  await removeAbandonedTestFolders();
  return inSession(newTestFolder(), 'npm run build', async (session) => {
    await ownFolder(session);
    await step('build', () => build(session));
    return 0;
  });
}

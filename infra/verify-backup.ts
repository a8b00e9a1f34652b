import { verifyBackup } from './backup/verify.ts';
import { requireFolder } from './backup/require-folder.ts';
import type { Words } from './usage/read-words.mjs';

/** `npm run verify-backup`: whether a backup can be restored, in a server of its own. */
export async function main(words: Words): Promise<number> {
  const title = 'npm run verify-backup';
  return await verifyBackup(title, requireFolder(title, words));
}

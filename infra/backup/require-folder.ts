import { WrongUsage, type Words } from '../usage/read-words.mjs';

/** @throws {WrongUsage} without the folder of a backup */
export function requireFolder(title: string, words: Words): string {
  const [folder] = words.names;
  if (folder !== undefined) return folder;
  throw new WrongUsage(title, 'no backup is named', undefined, `${title} -- backups/NAME`);
}

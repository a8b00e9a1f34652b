import { existsSync, mkdirSync, readdirSync, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import { note } from '../steps.ts';

/** Where the mails of `npm start` are kept, as files. */
export const mailFolder = (dataFolder: string): string => join(dataFolder, 'mail');

/** Prints the link of each mail that comes from now on, so that a developer needs no mail server. */
export function printMailLinks(dataFolder: string, signal: AbortSignal): void {
  const folder = mailFolder(dataFolder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const printed = new Set(readdirSync(folder));
  const watcher = watch(folder, { signal, persistent: false }, () => {
    if (!existsSync(folder)) return;
    for (const name of readdirSync(folder)) {
      if (!name.endsWith('.eml') || printed.has(name)) continue;
      printed.add(name);
      note(lineOf(readFileSync(join(folder, name), 'utf8')));
    }
  });
  // The folder may go with the rest of the data; nothing is printed then.
  watcher.on('error', () => undefined);
}

function lineOf(mail: string): string {
  const part = (pattern: RegExp): string => pattern.exec(mail)?.[1]?.trim() ?? '';
  const link = part(/^(https?:\S+#token=\S+)/m);
  return `mail to ${part(/^To: <(.*)>/m)}: ${part(/^Subject: (.*)$/m)}${link && `\n    ${link}`}`;
}

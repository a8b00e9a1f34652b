/** Mails as files, for development: one `.eml` each, whose links the launcher prints. */
import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { composeMessage } from './compose-message.ts';
import type { MailTransport } from './transport.ts';

export function folderTransport(folder: string, from: string): MailTransport {
  return {
    sends: true,
    async send(mail, beforeHandover) {
      const message = composeMessage(mail, from);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const draft = join(folder, `.${mail.id}.${randomBytes(6).toString('hex')}`);
      await writeFile(draft, message, { mode: 0o600 });
      try {
        await beforeHandover();
      } catch (error) {
        await rm(draft, { force: true });
        throw error;
      }
      // Named after the mail: however often it is sent, there is one.
      await rename(draft, join(folder, `${mail.id}.eml`));
    },
    async [Symbol.asyncDispose]() {},
  };
}

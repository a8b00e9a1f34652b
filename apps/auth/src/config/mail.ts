/** How mails leave. */
import { isLoopbackHost } from '@portcullis/contracts';
import { emailAddress } from '@portcullis/contracts/schemas';
import { ConfigurationError, flag, httpUrl } from '@portcullis/service';
import * as z from 'zod';

/** The address of the server may hold a password, and stands among the secrets. */
export type MailConfig =
  | { by: 'smtp'; from: string; requireTls: boolean }
  | { by: 'folder'; from: string; folder: string }
  | { by: 'none' };

export function mailFields(production: boolean) {
  return {
    PORTCULLIS_PUBLIC_URL: httpUrl({ production }).optional(),
    PORTCULLIS_SMTP_URL: z
      .string()
      .max(2048, 'is too long')
      .refine(
        (value) => URL.canParse(value) && /^smtps?:$/.test(new URL(value).protocol),
        'is not an smtp:// or smtps:// address',
      )
      .refine(hasKnownOptions, 'has other options than tls.servername and tls.rejectUnauthorized')
      .optional(),
    PORTCULLIS_MAIL_FROM: emailAddress.optional(),
    PORTCULLIS_MAIL_FOLDER: z
      .string()
      .max(4096, 'is too long')
      .refine(() => !production, 'is for development: the files hold links that work')
      .optional(),
    PORTCULLIS_SEND_NO_MAIL_AND_RECOVER_NO_ACCOUNT: flag.default(!production),
  };
}

/** What may follow the `?` (mail/smtp-server.ts): an option that is passed over would be one that was counted on. */
const SMTP_OPTIONS: ReadonlySet<string> = new Set(['tls.servername', 'tls.rejectUnauthorized']);

function hasKnownOptions(address: string): boolean {
  if (!URL.canParse(address)) return true; // said already
  return [...new URL(address).searchParams.keys()].every((name) => SMTP_OPTIONS.has(name));
}

export function mailOf(
  fields: {
    PORTCULLIS_SMTP_URL?: string | undefined;
    PORTCULLIS_MAIL_FROM?: string | undefined;
    PORTCULLIS_MAIL_FOLDER?: string | undefined;
    PORTCULLIS_SEND_NO_MAIL_AND_RECOVER_NO_ACCOUNT: boolean;
  },
  production: boolean,
): MailConfig {
  const { PORTCULLIS_SMTP_URL: smtp, PORTCULLIS_MAIL_FOLDER: folder } = fields;
  const from = fields.PORTCULLIS_MAIL_FROM;
  if (smtp !== undefined) {
    if (from === undefined) throw new ConfigurationError(['PORTCULLIS_MAIL_FROM: is missing']);
    const local = isLoopbackHost(new URL(smtp).hostname);
    return { by: 'smtp', from, requireTls: production && !local };
  }
  if (folder !== undefined) return { by: 'folder', folder, from: from ?? 'portcullis@localhost' };
  if (fields.PORTCULLIS_SEND_NO_MAIL_AND_RECOVER_NO_ACCOUNT) return { by: 'none' };
  throw new ConfigurationError([
    'PORTCULLIS_SMTP_URL: is missing; to run without mail, and so without recovery of accounts, ' +
      'set PORTCULLIS_SEND_NO_MAIL_AND_RECOVER_NO_ACCOUNT=true',
  ]);
}

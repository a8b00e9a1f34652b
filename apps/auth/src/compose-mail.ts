/** Mails: from the intents in Postgres, by way of the queue, to a server or a folder. */
import type { Disposal, Logger, Outages } from '@portcullis/service';
import type { AuthConfig } from './config.ts';
import { startMailQueue, type MailQueue } from './jobs/mail-queue.ts';
import type { LinkTokens } from './link/link-tokens.ts';
import { createDeliverMail } from './mail/deliver.ts';
import { folderTransport } from './mail/folder-transport.ts';
import { noTransport, type MailTransport } from './mail/transport.ts';
import { postgresWaitingMails } from './mail/waiting-mails.ts';
import type { AuthMetrics } from './metrics.ts';
import type { Database } from './database/database.ts';
import { smtpTransport } from './mail/smtp-transport.ts';

export interface MailParts {
  database: Database;
  linkTokens: LinkTokens;
  metrics: AuthMetrics;
  logger: Logger;
  outages: Outages;
}

export function composeMail(
  config: AuthConfig,
  owned: Disposal,
  { database, linkTokens, metrics, logger, outages }: MailParts,
): MailQueue {
  if (config.mail.by === 'none') {
    logger.warn('mail is disabled: addresses cannot be verified, accounts cannot be recovered');
  }
  const transport = owned.use(transportOf(config));
  const waiting = postgresWaitingMails(database);
  metrics.mailsWaiting(() => waiting.count());
  return owned.use(
    startMailQueue({
      redisUrl: config.secrets.redisUrl,
      prefix: config.prefix,
      deliver: createDeliverMail({
        database,
        tokens: linkTokens,
        pages: { publicUrl: config.publicUrl },
        transport,
        logger,
        settled: metrics.mail,
      }),
      waiting,
      logger,
      outages,
    }),
  );
}

function transportOf({ mail, secrets }: AuthConfig): MailTransport {
  if (mail.by === 'folder') return folderTransport(mail.folder, mail.from);
  if (mail.by === 'smtp' && secrets.smtpUrl !== null) {
    return smtpTransport({ url: secrets.smtpUrl, from: mail.from, requireTls: mail.requireTls });
  }
  return noTransport;
}

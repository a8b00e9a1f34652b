/** Mails: from the intents in Postgres, by way of the queue, to a server or a folder. */
import type { Disposal } from '@portcullis/service';
import type { Parts } from './compose-parts.ts';
import type { AuthConfig } from './config.ts';
import type { JobServer } from './jobs/job-server.ts';
import { startMailQueue, type MailQueue } from './jobs/mail-queue.ts';
import { createDeliverMail } from './mail/deliver.ts';
import { folderTransport } from './mail/folder-transport.ts';
import { noTransport, type MailTransport } from './mail/transport.ts';
import { countWaitingMails } from './mail/waiting-mails.ts';
import { smtpTransport } from './mail/smtp-transport.ts';

export function composeMail(
  config: AuthConfig,
  owned: Disposal,
  jobServer: JobServer,
  { database, linkTokens, metrics, logger }: Parts,
): MailQueue {
  if (config.mail.by === 'none') {
    logger.warn('mail is disabled: addresses cannot be verified, accounts cannot be recovered');
  }
  const transport = owned.use(transportOf(config));
  metrics.mailsWaiting(async () => await countWaitingMails(database));
  const deliver = createDeliverMail({
    database,
    tokens: linkTokens,
    pages: { publicUrl: config.publicUrl },
    transport,
    logger,
    settled: metrics.mail,
  });
  return owned.use(startMailQueue(jobServer, deliver));
}

function transportOf({ mail, secrets }: AuthConfig): MailTransport {
  if (mail.by === 'folder') return folderTransport(mail.folder, mail.from);
  if (mail.by === 'smtp' && secrets.smtpUrl !== null) {
    return smtpTransport({ url: secrets.smtpUrl, from: mail.from, requireTls: mail.requireTls });
  }
  return noTransport;
}

/** Mails to an SMTP server (RFC 5321). */
import { Readable } from 'node:stream';
import { parseConnectionUrl } from 'nodemailer/lib/shared';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { composeMessage } from './compose-message.ts';
import { PermanentFailure, type MailTransport } from './transport.ts';

/** Milliseconds. RFC 5321 section 4.5.3.2 allows minutes; a job that waits is tried again anyway. */
const CONNECT_TIMEOUT_MS = 10_000;
const SILENCE_TIMEOUT_MS = 60_000;

export interface SmtpOptions {
  /** smtp:// or smtps://, with credentials where the server wants them. */
  url: string;
  /** A plain address. */
  from: string;
  /** Whether a server without TLS is refused. */
  requireTls: boolean;
}

export function smtpTransport({ url, from, requireTls }: SmtpOptions): MailTransport {
  const { auth, ...server } = parseConnectionUrl(url);
  return {
    sends: true,
    async send(mail, beforeHandover, signal) {
      const message = composeMessage(mail, from);
      // The server has the mail when it has the end of the data (section 4.1.1.4), which is sent after
      // the last of these chunks. Nothing is read before the server has asked for the data: that is why
      // the connection is used itself, and not the mailer above it, which reads ahead.
      const raw = Readable.from(
        (async function* chunks() {
          yield message.subarray(0, -1);
          signal.throwIfAborted();
          await beforeHandover();
          yield message.subarray(-1);
        })(),
        { objectMode: false },
      );
      const smtp = new SMTPConnection({
        ...server,
        requireTLS: requireTls,
        connectionTimeout: CONNECT_TIMEOUT_MS,
        greetingTimeout: CONNECT_TIMEOUT_MS,
        socketTimeout: SILENCE_TIMEOUT_MS,
      });
      const ended = new AbortController();
      smtp.once('error', (error) => ended.abort(error));
      const over = AbortSignal.any([signal, ended.signal]);
      const step = async (take: (done: (error?: Error | null) => void) => void): Promise<void> => {
        over.throwIfAborted();
        await new Promise<void>((resolve, reject) => {
          over.addEventListener('abort', () => reject(over.reason), { once: true });
          take((error) => (error instanceof Error ? reject(error) : resolve()));
        });
      };
      try {
        await step((done) => smtp.connect(done));
        if (auth !== undefined) await step((done) => smtp.login(auth, done));
        await step((done) => smtp.send({ from, to: [mail.to] }, raw, done));
        smtp.quit();
      } catch (error) {
        throw isPermanent(error) ? new PermanentFailure('refused', { cause: error }) : error;
      } finally {
        raw.destroy();
        smtp.close();
      }
    },
    async [Symbol.asyncDispose]() {},
  };
}

/** RFC 5321 section 4.2.1: 5yz, about the recipient or the mail and not about us. */
function isPermanent(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code: unknown = 'responseCode' in error ? error.responseCode : undefined;
  const command: unknown = 'command' in error ? error.command : undefined;
  return typeof code === 'number' && code >= 500 && (command === 'RCPT TO' || command === 'DATA');
}

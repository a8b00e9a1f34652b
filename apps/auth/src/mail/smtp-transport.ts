/** Mails to an SMTP server (RFC 5321). */
import { Readable } from 'node:stream';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { MailMessage } from './catalogue.ts';
import { composeMessage } from './compose-message.ts';
import { Deadline } from './deadline.ts';
import { smtpServerOf } from './smtp-server.ts';
import { ANSWER_MS, PermanentFailure, type MailTransport } from './transport.ts';

/** Milliseconds. RFC 5321 section 4.5.3.2 allows minutes; a job that waits is tried again anyway. */
const CONNECT_TIMEOUT_MS = 10_000;
/** For everything before the hand-over. */
const SUBMIT_TIMEOUT_MS = 120_000;
/**
 * The library's own. It closes the connection of a process that was stopped for that long before what has
 * arrived meanwhile is read, the server's answer perhaps; so it is longer than a hand-over lasts.
 */
const SOCKET_TIMEOUT_MS = 600_000;

export interface SmtpOptions {
  /** smtp:// or smtps://, with credentials where the server wants them. */
  url: string;
  /** A plain address. */
  from: string;
  /** Whether a server without TLS is refused. */
  requireTls: boolean;
}

export function smtpTransport(options: SmtpOptions): MailTransport {
  return {
    sends: true,
    send: (mail, beforeHandover, signal) => submit(options, mail, beforeHandover, signal),
    async [Symbol.asyncDispose]() {},
  };
}

async function submit(
  { url, from, requireTls }: SmtpOptions,
  mail: MailMessage,
  beforeHandover: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const { auth, ...server } = smtpServerOf(url);
  const smtp = new SMTPConnection({
    ...server,
    requireTLS: requireTls,
    connectionTimeout: CONNECT_TIMEOUT_MS,
    greetingTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SOCKET_TIMEOUT_MS,
  });
  const over = new AbortController();
  const deadline = new Deadline(() => over.abort(new Error('the server does not answer')));
  const stop = (): void => over.abort(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  smtp.once('error', (error) => over.abort(error));
  const raw = lastByteAfter(composeMessage(mail, from), async () => {
    over.signal.throwIfAborted();
    // From here on only the server's answer counts, or that there is none.
    signal.removeEventListener('abort', stop);
    await beforeHandover();
    deadline.in(ANSWER_MS);
  });
  const step = async (take: (done: (error?: Error | null) => void) => void): Promise<void> => {
    over.signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      over.signal.addEventListener('abort', () => reject(over.signal.reason), { once: true });
      take((error) => (error instanceof Error ? reject(error) : resolve()));
    });
  };
  try {
    deadline.in(SUBMIT_TIMEOUT_MS);
    await step((done) => smtp.connect(done));
    if (auth !== undefined) await step((done) => smtp.login(auth, done));
    await step((done) => smtp.send({ from, to: [mail.to] }, raw, done));
    smtp.quit();
  } catch (error) {
    throw isPermanent(error) ? new PermanentFailure('refused', { cause: error }) : error;
  } finally {
    deadline.end();
    signal.removeEventListener('abort', stop);
    raw.destroy();
    smtp.close();
  }
}

/**
 * The server has the mail when it has the end of the data (section 4.1.1.4), which is sent after the last
 * of these chunks. Nothing is read before the server has asked for the data: that is why the connection is
 * used itself, and not the mailer above it, which reads ahead.
 */
function lastByteAfter(message: Buffer, beforeHandover: () => Promise<void>): Readable {
  return Readable.from(
    (async function* chunks() {
      yield message.subarray(0, -1);
      await beforeHandover();
      yield message.subarray(-1);
    })(),
    { objectMode: false },
  );
}

/** RFC 5321 section 4.2.1: 5yz, about the recipient or the mail and not about us. */
function isPermanent(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code: unknown = 'responseCode' in error ? error.responseCode : undefined;
  const command: unknown = 'command' in error ? error.command : undefined;
  return typeof code === 'number' && code >= 500 && (command === 'RCPT TO' || command === 'DATA');
}

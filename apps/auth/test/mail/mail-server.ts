/** A real SMTP server in this process, which keeps what it was sent and can be made to misbehave. */
import { freePort } from '@portcullis/testbed';
import { SMTPServer } from 'smtp-server';

export interface ReceivedMail {
  to: string;
  messageId: string;
  text: string;
  /** Of the link in it. */
  token: string | undefined;
  link: string | undefined;
}

export class MailServer implements AsyncDisposable {
  readonly received: ReceivedMail[] = [];
  /** Attempts to deliver, however far they came. */
  attempts = 0;
  /** Called with the recipient; an error with a `responseCode` refuses it. */
  onRecipient: (address: string) => Promise<void> = async () => undefined;
  /** Called when the server has the whole mail, before it says so. */
  beforeAnswer: (mail: ReceivedMail) => Promise<void> = async () => undefined;
  readonly #server: SMTPServer;
  #port = 0;

  constructor() {
    this.#server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS', 'AUTH'],
      onRcptTo: ({ address }, _session, callback) => {
        this.attempts += 1;
        void answer(this.onRecipient(address), callback);
      },
      onData: (stream, session, callback) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          const to = session.envelope.rcptTo.map(({ address }) => address).join();
          const mail = readMail(to, Buffer.concat(chunks).toString('utf8'));
          this.received.push(mail);
          void answer(this.beforeAnswer(mail), callback);
        });
      },
    });
    // Clients that are killed end in an error here.
    this.#server.on('error', () => undefined);
  }

  get url(): string {
    return `smtp://127.0.0.1:${this.#port}`;
  }

  async listen(): Promise<this> {
    this.#port = await freePort();
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve));
    return this;
  }

  to(address: string): ReceivedMail[] {
    return this.received.filter((mail) => mail.to === address);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

async function answer(work: Promise<void>, callback: (error?: Error) => void): Promise<void> {
  const problem: unknown = await work.catch((error: unknown) => error);
  if (problem instanceof Error) callback(problem);
  else callback();
}

function readMail(to: string, source: string): ReceivedMail {
  const link = /^https?:\S+#token=(\S+)/m.exec(source);
  return {
    to,
    text: source,
    messageId: /^Message-ID: (.+)$/im.exec(source)?.[1]?.trim() ?? '',
    link: link?.[0],
    token: link?.[1],
  };
}

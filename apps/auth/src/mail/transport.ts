import type { MailMessage } from './catalogue.ts';

/**
 * For how long a server is waited for once it can have the mail, in milliseconds. RFC 5321 section
 * 4.5.3.2.6 allows it ten minutes.
 */
export const ANSWER_MS = 60_000;

/** How mails leave. */
export interface MailTransport extends AsyncDisposable {
  /** Whether mails leave at all. */
  readonly sends: boolean;
  /**
   * @param beforeHandover awaited before the server can have the mail; when it fails, the mail is not
   *   sent
   * @param signal gives up, if the last moment has not come. After that it is waited for an answer,
   *   `ANSWER_MS` at most
   * @throws PermanentFailure, or another error after which trying again makes sense
   */
  send(
    message: MailMessage,
    beforeHandover: () => Promise<void>,
    signal: AbortSignal,
  ): Promise<void>;
}

/** No further attempt will do: the address is wrong, or the mail is not wanted. */
export class PermanentFailure extends Error {
  override readonly name = 'PermanentFailure';
}

/** For a configuration that says so. */
export const noTransport: MailTransport = {
  sends: false,
  async send() {
    throw new PermanentFailure('mails are not sent');
  },
  async [Symbol.asyncDispose]() {},
};

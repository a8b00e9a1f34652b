import type { MailMessage } from './catalogue.ts';

/** How mails leave. */
export interface MailTransport extends AsyncDisposable {
  /** Whether mails leave at all. */
  readonly sends: boolean;
  /**
   * @param beforeHandover awaited before the server can have the mail; when it fails, the mail is not
   *   sent
   * @param signal gives up, if the last moment has not come
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

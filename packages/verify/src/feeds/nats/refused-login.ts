/** A login that NATS refuses, before there is a connection or at a reconnect: what an operator has to change. */
import { errors, type Status } from '@nats-io/transport-node';

export const FIX_OF_REFUSED_LOGIN =
  'check the user and password in the address of NATS (NATS_URL); after `npm run service -- remove` and `add` the service has ' +
  'others: copy its new file of settings to where its .env is, and restart it';

/** Attempts without a refusal after which it says nothing any more; there may be one for each address of a host. */
const MAX_ATTEMPTS = 4;

/** @param error as `connect` rejects with, or as a connection reports it */
export function isRefusedLogin(error: unknown): boolean {
  return (
    error instanceof errors.AuthorizationError && /authorization violation/i.test(error.message)
  );
}

/** Whether NATS answers a connection that was lost by refusing its login. */
export class ReconnectLogin {
  /** Attempts to reconnect since a login was refused; undefined: none was. */
  #attempts: number | undefined;

  get isRefused(): boolean {
    return this.#attempts !== undefined && this.#attempts < MAX_ATTEMPTS;
  }

  /** @param status each that the connection reports, in their order */
  note(status: Status): void {
    if (status.type === 'error' && isRefusedLogin(status.error)) this.#attempts = 0;
    if (status.type === 'reconnecting' && this.#attempts !== undefined) this.#attempts += 1;
    if (status.type === 'reconnect') this.#attempts = undefined;
  }
}

/** What an operator has to change so that auth answers over NATS. */
import { errors, PermissionViolationError } from '@nats-io/transport-node';

/** Also where `connectVerifier` has made the connection: `service` may be misspelt. */
const ONE_NAME =
  'the option `service` and the user in the address of NATS (NATS_URL) have to be one name';

/** @param subject of the question */
export function problemOfRequest(error: unknown, subject: string): string {
  const denial = denialIn(error);
  if (denial !== undefined) {
    const { operation, subject: denied } = denial;
    return operation === 'publish'
      ? `NATS does not let this user publish to ${denied}: ${ONE_NAME}, and the prefix that of auth`
      : `NATS does not let this user hear answers below ${inboxOf(denied)}: ${ONE_NAME}; a connection of your own needs connectionOptions under it`;
  }
  if (error instanceof errors.RequestError && error.isNoResponders()) {
    return `auth does not listen at ${subject} in this NATS account: check that auth runs there, the account of this user, and the prefix`;
  }
  if (error instanceof errors.TimeoutError) {
    return `NATS took the question at ${subject}, and no answer came: check that auth and its Postgres answer`;
  }
  return error instanceof Error ? error.message : String(error);
}

/** The library reports a denied question by an error of its own. */
function denialIn(error: unknown): PermissionViolationError | undefined {
  const cause = error instanceof errors.RequestError ? error.cause : error;
  return cause instanceof PermissionViolationError ? cause : undefined;
}

/** Without what the library draws for each connection. */
function inboxOf(subject: string): string {
  return subject.replace(/\.[^.]+\.\*$/, '');
}

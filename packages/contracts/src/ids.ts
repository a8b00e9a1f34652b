/**
 * Branded, prefixed identifiers: `usr_01jd…`.
 *
 * After the prefix stand 26 characters of Crockford base32, lower case: 48 bits of milliseconds
 * since the epoch, then 80 random bits. They sort by time, which keeps the indexes of Postgres
 * compact, and decode to exactly 128 bits, which is what the revocation ledger is keyed by.
 */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const BODY = '[0-7][0-9a-hjkmnp-tv-z]{25}';

export type Id<P extends string> = `${P}_${string}` & { readonly __id: P };

/** What all identifiers with this prefix look like. */
export function idPattern(prefix: string): RegExp {
  return new RegExp(`^${prefix}_${BODY}$`);
}

/** Distinguishes identifiers with this prefix from everything else. */
export function idGuard<P extends string>(prefix: P) {
  const pattern = idPattern(prefix);
  return (value: unknown): value is Id<P> => typeof value === 'string' && pattern.test(value);
}

/** A new identifier: 48 bits of time, 80 bits from the system's random source. */
export function newId<P extends string>(prefix: P, now: number = Date.now()): Id<P> {
  const random = crypto.getRandomValues(new Uint8Array(10));
  let bits = BigInt(now);
  for (const byte of random) bits = (bits << 8n) | BigInt(byte);
  let body = '';
  for (let i = 0; i < 26; i += 1) {
    body = ALPHABET.charAt(Number(bits & 31n)) + body;
    bits >>= 5n;
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- prefix, underscore, 26 characters of the alphabet
  return `${prefix}_${body}` as Id<P>;
}

export const isUserId = idGuard('usr');
export const isSessionId = idGuard('ses');
export const isEventId = idGuard('evt');
export const isKeyId = idGuard('key');
export const isTokenId = idGuard('tok');
export const isIncarnationId = idGuard('inc');
export const isEpochId = idGuard('epo');

/** Operators name machine clients, so that a configuration can be read: `cli_admin`. */
export const CLIENT_ID = /^cli_[a-z0-9][a-z0-9_-]{0,47}$/;

export function isClientId(value: unknown): value is ClientId {
  return typeof value === 'string' && CLIENT_ID.test(value);
}

/** @throws TypeError for a text that is not the id of a client */
export function clientIdOf(text: string): ClientId {
  if (!isClientId(text)) throw new TypeError('not the id of a client');
  return text;
}

/** Names what one client holds for one user: `cli_orders/usr_01jd…`. */
export const CLIENT_SUBJECT = new RegExp(`^cli_[a-z0-9][a-z0-9_-]{0,47}/usr_${BODY}$`);

export function isClientSubject(value: unknown): value is ClientSubject {
  return typeof value === 'string' && CLIENT_SUBJECT.test(value);
}

/** @throws TypeError for what is not a client and a user */
export function clientSubjectOf(client: ClientId, user: UserId): ClientSubject {
  const text = `${client}/${user}`;
  if (!isClientSubject(text)) throw new TypeError('not a client and a user');
  return text;
}

/** The name under which a service verifies tokens; it is a token of a NATS subject. */
export const SERVICE_NAME = /^[a-z][a-z0-9-]{0,31}$/;

export function isServiceName(value: unknown): value is string {
  return typeof value === 'string' && SERVICE_NAME.test(value);
}

export type UserId = Id<'usr'>;
export type SessionId = Id<'ses'>;
export type EventId = Id<'evt'>;
export type KeyId = Id<'key'>;
export type TokenId = Id<'tok'>;
export type IncarnationId = Id<'inc'>;
export type EpochId = Id<'epo'>;
export type MailId = Id<'eml'>;
export type LinkId = Id<'lnk'>;
export type ClientId = `cli_${string}` & { readonly __id: 'cli' };
export type ClientSubject = `cli_${string}/usr_${string}` & { readonly __id: 'cli/usr' };

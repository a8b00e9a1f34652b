/**
 * Branded, prefixed identifiers: `usr_01jd…`.
 *
 * After the prefix stand 26 characters of Crockford base32, lower case: 48 bits of milliseconds
 * since the epoch, then 80 random bits. They sort by time, which keeps the indexes of Postgres
 * compact, and decode to exactly 128 bits, which is what the revocation ledger is keyed by.
 */
import { z } from 'zod';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const BODY = '[0-7][0-9a-hjkmnp-tv-z]{25}';

export type Id<P extends string> = `${P}_${string}` & { readonly __id: P };

/** A schema that accepts exactly the identifiers with this prefix. */
function idSchema<P extends string>(prefix: P) {
  const pattern = new RegExp(`^${prefix}_${BODY}$`);
  return z
    .custom<Id<P>>((value) => typeof value === 'string' && pattern.test(value), {
      error: `expected an identifier that begins with ${prefix}_`,
    })
    .meta({ type: 'string', pattern: pattern.source });
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

export const userId = idSchema('usr');
export const sessionId = idSchema('ses');
export const eventId = idSchema('evt');
export const keyId = idSchema('key');
export const tokenId = idSchema('tok');
export const incarnationId = idSchema('inc');
export const epochId = idSchema('epo');
export const mailId = idSchema('eml');
export const linkId = idSchema('lnk');

/** Machine clients are named by people, so that a configuration can be read: `cli_admin`. */
export const clientId = z
  .custom<ClientId>(
    (value) => typeof value === 'string' && /^cli_[a-z0-9][a-z0-9_-]{0,47}$/.test(value),
    { error: 'expected cli_ and up to 48 of a-z, 0-9, _ and -' },
  )
  .meta({ type: 'string', pattern: '^cli_[a-z0-9][a-z0-9_-]{0,47}$' });

/** The name under which a service verifies tokens; it is a token of a NATS subject. */
export const serviceName = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/);

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

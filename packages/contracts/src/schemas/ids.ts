/** Identifiers, as ../ids.ts says what they look like. */
import * as z from 'zod';
import {
  CLIENT_ID,
  CLIENT_SUBJECT,
  idGuard,
  idPattern,
  isClientId,
  isClientSubject,
  isEpochId,
  isEventId,
  isIncarnationId,
  isKeyId,
  isSessionId,
  isTokenId,
  isUserId,
  SERVICE_NAME,
  type ClientId,
  type ClientSubject,
  type Id,
} from '../ids.ts';

/** A schema that accepts exactly the identifiers with this prefix. */
function idSchema<P extends string>(prefix: P, is: (value: unknown) => value is Id<P>) {
  return z
    .custom<Id<P>>(is, { error: `expected an identifier that begins with ${prefix}_` })
    .meta({ type: 'string', pattern: idPattern(prefix).source });
}

export const userId = idSchema('usr', isUserId);
export const sessionId = idSchema('ses', isSessionId);
export const eventId = idSchema('evt', isEventId);
export const keyId = idSchema('key', isKeyId);
export const tokenId = idSchema('tok', isTokenId);
export const incarnationId = idSchema('inc', isIncarnationId);
export const epochId = idSchema('epo', isEpochId);
export const mailId = idSchema('eml', idGuard('eml'));
export const linkId = idSchema('lnk', idGuard('lnk'));

/** Operators name machine clients, so that a configuration can be read: `cli_admin`. */
export const clientId = z
  .custom<ClientId>(isClientId, { error: 'expected cli_ and up to 48 of a-z, 0-9, _ and -' })
  .meta({ type: 'string', pattern: CLIENT_ID.source });

/** What one client holds for one user. */
export const clientSubject = z
  .custom<ClientSubject>(isClientSubject, { error: 'expected a client and a user: cli_…/usr_…' })
  .meta({ type: 'string', pattern: CLIENT_SUBJECT.source });

/** The name under which a service verifies tokens; it is a token of a NATS subject. */
export const serviceName = z.string().regex(SERVICE_NAME);

/** Revocations by the token that they end, for tests that hold it and no ids. */
import {
  isClientId,
  isKeyId,
  isRecord,
  isSessionId,
  isTokenId,
  isUserId,
  type RevocationEvent,
} from '@portcullis/contracts';
import type { MemoryRevocations, RevocationSpec } from './memory-revocations.ts';

/**
 * - `session`: a logout. `user`: a logout everywhere, or an account that was disabled. `claims`: its roles have changed, so
 *   that the token is refused with `token_stale`; the others with `invalid_token`.
 * - `token`: this one alone. `client`: all that its client holds. `key`: all that its key has signed.
 */
export type Revoked = 'session' | 'user' | 'claims' | 'token' | 'client' | 'key';

interface ReadToken {
  header: Readonly<Record<string, unknown>>;
  claims: Readonly<Record<string, unknown>>;
}

/**
 * @param what its session unless given, or the token alone where it is a client's
 * @throws TypeError for a text that is no token, and for one that does not say what is to be revoked
 */
export function revokeToken(
  revocations: MemoryRevocations,
  token: string,
  what?: Revoked,
): RevocationEvent {
  const read = readToken(token);
  return revocations.revoke(specOf(read, what ?? ('sid' in read.claims ? 'session' : 'token')));
}

function specOf({ header, claims }: ReadToken, what: Revoked): RevocationSpec {
  const { sid, sub, jti, client_id: client } = claims;
  const { kid } = header;
  const generation = generationAfter(claims[what === 'client' ? 'cgen' : 'gen']);
  if (what === 'session' && isSessionId(sid)) return { kind: 'session', key: sid };
  if (what === 'user' && isUserId(sub)) return { kind: 'subject', key: sub, generation };
  if (what === 'claims' && isUserId(sub)) return { kind: 'claims_changed', key: sub, generation };
  if (what === 'token' && isTokenId(jti)) return { kind: 'token', key: jti };
  if (what === 'client' && isClientId(client)) return { kind: 'client', key: client, generation };
  if (what === 'key' && isKeyId(kid)) return { kind: 'key', key: kid };
  throw new TypeError(`revoke: this token has no ${what} that can be revoked`);
}

function generationAfter(held: unknown): number {
  return typeof held === 'number' ? held + 1 : 1;
}

function readToken(token: string): ReadToken {
  const [header, claims] = token.split('.').map((part) => parsed(part));
  if (header === undefined || claims === undefined) throw new TypeError('revoke: not a token');
  return { header, claims };
}

function parsed(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Refresh tokens: opaque to clients, and derived so that nothing at rest makes one.
 *
 *   prt_ <26: body of the session id> <64: base64url of 32 bytes secret, 16 bytes tag>
 *
 * The successor of a secret is an HMAC of it, so that it can be given a second time to a client that
 * lost the answer, although only hashes are stored (RFC 9700 section 4.14.2 asks for rotation). The tag
 * distinguishes a token that was once issued from an invented one: without it, any reader of a session
 * id in a log could end that session by "replaying" noise.
 */
import { createHash, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import type { SessionId } from '@portcullis/contracts';
import { sessionId } from '@portcullis/contracts/schemas';

const FORM = /^prt_([0-7][0-9a-hjkmnp-tv-z]{25})([A-Za-z0-9_-]{64})$/;
const SECRET_BYTES = 32;
const TAG_BYTES = 16;

export interface RefreshToken {
  /** What the client is given. */
  text: string;
  sessionId: SessionId;
  /** SHA-256 of the text: all that is stored. */
  hash: Buffer;
}

export interface RefreshTokens {
  first(session: SessionId): RefreshToken;
  /** @returns null for what this issuer has never issued */
  read(text: string): RefreshToken | null;
  /** Always the same one for the same token. */
  successor(token: RefreshToken): RefreshToken;
}

/** @param secret the sealed secret that all instances share, 32 bytes */
export function createRefreshTokens(secret: Buffer): RefreshTokens {
  const derive = (purpose: string) =>
    Buffer.from(hkdfSync('sha256', secret, '', `portcullis refresh ${purpose} v1`, 32));
  const successorKey = derive('successor');
  const tagKey = derive('tag');

  function tagOf(session: SessionId, own: Buffer): Buffer {
    return createHmac('sha256', tagKey).update(session).update(own).digest().subarray(0, TAG_BYTES);
  }

  function compose(session: SessionId, own: Buffer): RefreshToken {
    const tail = Buffer.concat([own, tagOf(session, own)]).toString('base64url');
    const text = `prt_${session.slice('ses_'.length)}${tail}`;
    return { text, sessionId: session, hash: hashOf(text) };
  }

  return {
    first: (session) => compose(session, randomBytes(SECRET_BYTES)),
    read(text) {
      const [, body, tail] = FORM.exec(text) ?? [];
      const session = sessionId.safeParse(`ses_${body}`).data;
      if (session === undefined || tail === undefined) return null;
      const bytes = Buffer.from(tail, 'base64url');
      const tag = bytes.subarray(SECRET_BYTES);
      if (!timingSafeEqual(tag, tagOf(session, bytes.subarray(0, SECRET_BYTES)))) return null;
      return { text, sessionId: session, hash: hashOf(text) };
    },
    successor(token) {
      const next = createHmac('sha256', successorKey).update(token.text).digest();
      return compose(token.sessionId, next);
    },
  };
}

function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

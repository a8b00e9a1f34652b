/**
 * Tokens of links: derived from the id of the link, so that nothing at rest holds one and a second
 * attempt to send a mail sends the same.
 *
 *   plk_ <43: base64url of an HMAC of the link's id, 32 bytes>
 *
 * The key is sealed in the database under the key-encryption key.
 */
import { createHash, createHmac } from 'node:crypto';
import type { LinkId, MailId } from '@portcullis/contracts';

const FORM = /^plk_[A-Za-z0-9_-]{43}$/;

export interface LinkTokens {
  of(link: MailId | LinkId): LinkToken;
}

export interface LinkToken {
  /** What stands in the mail. */
  text: string;
  /** All that is stored. */
  hash: Buffer;
}

/** @param secret the sealed secret that all instances share, 32 bytes */
export function createLinkTokens(secret: Buffer): LinkTokens {
  return {
    of(link) {
      const text = `plk_${createHmac('sha256', secret).update(link).digest('base64url')}`;
      return { text, hash: hashOf(text) };
    },
  };
}

/** @returns null for what no token looks like */
export function hashOfLinkToken(text: string): Buffer | null {
  return FORM.test(text) ? hashOf(text) : null;
}

function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

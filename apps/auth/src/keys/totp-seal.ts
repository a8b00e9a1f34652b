/** Secrets of authenticator apps at rest: each is sealed for its user, and opens for no other. */
import type { UserId } from '@portcullis/contracts';
import type { Seal } from './seal.ts';

const nameOf = (user: UserId): string => `totp:${user}`;

export function closeTotpSecret(seal: Seal, user: UserId, secret: Buffer): Buffer {
  return seal.close(nameOf(user), secret);
}

/** @throws SealError */
export function openTotpSecret(seal: Seal, user: UserId, sealed: Buffer): Buffer {
  return seal.open(nameOf(user), sealed);
}

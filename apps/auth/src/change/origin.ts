/**
 * Where something was done from, beside the trail instead of in it.
 *
 * An address is about a user, and the trail is for ever. So a row holds a commitment, which its hash
 * covers like the rest, and the address lies in a table of its own, together with the salt that opens
 * the commitment. When the user's account is deleted both go. What stays reveals nothing: there are few
 * addresses, but 2^128 salts.
 *
 * Invariant: an address that is there is the one that was committed to, or `verify-audit` names its row.
 */
import { createHash, randomBytes } from 'node:crypto';

const SALT_BYTES = 16;
const FORM = 'sha256:';

export interface Origin {
  /** What the row of the trail holds. */
  commitment: string;
  address: string;
  salt: Buffer;
}

export function originOf(address: string): Origin {
  const salt = randomBytes(SALT_BYTES);
  return { commitment: commitmentTo(address, salt), address, salt };
}

/** Whether they open it. With a salt of any length, bytes of the address could pass for salt. */
export function opens({ commitment, address, salt }: Origin): boolean {
  return salt.length === SALT_BYTES && commitmentTo(address, salt) === commitment;
}

function commitmentTo(address: string, salt: Buffer): string {
  const hash = createHash('sha256').update('portcullis audit origin v1').update(salt);
  return `${FORM}${hash.update(address).digest('hex')}`;
}

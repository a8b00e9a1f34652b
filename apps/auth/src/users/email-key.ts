/**
 * The form that e-mail addresses are compared in. Two spellings that a mail system would deliver to one
 * mailbox must not make two accounts. It finds accounts, those too whose address would be rejected
 * today; which addresses are accepted is decided by `problemWithAddress` of the contracts. Code that
 * has found an account by it goes on with the address of the account, and not with the text that was
 * typed.
 */

/** RFC 5321 section 4.5.3.1.3: 256 octets with the angle brackets. */
const MAX_LENGTH = 254;

/** Controls, format characters (bidi marks, zero-width joints), spaces, surrogates, unassigned. */
const INVISIBLE = /[\p{C}\p{Z}]/u;
/** What a list of addresses, a comment, or a header would need (RFC 5322 section 3.4). */
const LIST_OR_COMMENT = /[,;:<>()[\]\\"]/;

/** @returns null for what is not one plain address */
export function emailKey(address: string): string | null {
  const key = address.trim().normalize('NFKC').toLowerCase();
  if (key.length < 3 || key.length > MAX_LENGTH) return null;
  if (INVISIBLE.test(key) || LIST_OR_COMMENT.test(key)) return null;
  const at = key.indexOf('@');
  // Exactly one @, with something on both sides.
  if (at < 1 || at === key.length - 1 || key.includes('@', at + 1)) return null;
  return key;
}

/**
 * Which e-mail addresses an account may have, and mail may come from. One rule for every door:
 * registration, a change of address, the administrator of the settings and of the command, the sender.
 *
 * A mailbox of RFC 5321 section 4.1.2 with a dot-string before the @ (the atoms of RFC 5322 section
 * 3.2.3) and host names behind it (letters, digits, hyphens; one label is enough), in ASCII. A domain in
 * another script is taken as its A-labels (RFC 5890 section 2.3.2.1). Not taken: quoted local parts,
 * address literals, Unicode (RFC 6531), for which every mail server on the way needs an extension.
 *
 * What only looks an account up (login, forgot, resend, search) does not ask this rule: accounts from
 * before it have to be found.
 */

/** Octets; in ASCII, characters. RFC 5321 section 4.5.3.1; 256 for a path, less its angle brackets. */
export const MAX_ADDRESS = 254;
const MAX_LOCAL = 64;
/** Octets (RFC 1035 section 2.3.4). The 255 of a whole domain are more than an address leaves it. */
const MAX_LABEL = 63;

const ASCII = /^[\0-\x7f]*$/;
const DOT_STRING = /^[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*$/;
const LABEL = /^[a-z\d]([a-z\d-]*[a-z\d])?$/i;
const DIGITS = /^\d+$/;

/** @returns a sentence that says what to change, and repeats nothing of the address; null for a good one */
export function problemWithAddress(address: string): string | null {
  if (!ASCII.test(address)) {
    return (
      'Not ASCII: write a domain in another script in its ASCII form (xn--…); ' +
      'the part before the @ has to be ASCII.'
    );
  }
  const at = address.lastIndexOf('@');
  if (at < 0) return 'Not one plain e-mail address: there is no @ in it.';
  if (address.length > MAX_ADDRESS) return `Too long: at most ${MAX_ADDRESS} characters.`;
  const local = address.slice(0, at);
  if (local.length > MAX_LOCAL) {
    return `The part before the @ is too long: at most ${MAX_LOCAL} characters.`;
  }
  if (!DOT_STRING.test(local)) {
    return (
      'Not one plain e-mail address: before the @ stand letters, digits and ' +
      "!#$%&'*+-/=?^_`{|}~, with single dots between them."
    );
  }
  return problemWithDomain(address.slice(at + 1));
}

function problemWithDomain(domain: string): string | null {
  const labels = domain.split('.');
  if (labels.some((label) => label.length > MAX_LABEL)) {
    return `A label of the domain is too long: at most ${MAX_LABEL} characters between two dots.`;
  }
  if (!labels.every((label) => LABEL.test(label))) {
    return (
      'Not one plain e-mail address: the domain behind the @ is made of letters, digits and ' +
      'hyphens, with single dots between them.'
    );
  }
  // RFC 3696 section 2: otherwise it would be taken for an IPv4 address.
  if (DIGITS.test(labels.at(-1) ?? '')) return 'The domain may not end in a number.';
  return null;
}

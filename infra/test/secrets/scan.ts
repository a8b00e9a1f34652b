/** Looks for secrets in whatever is kept: each that is known, in every spelling, and by their forms. */

export interface Leak {
  secret: string;
  where: string;
  /** How it is written there. */
  spelling: string;
}

/** Whatever looks like one of these is one, also where nobody knows its value. */
const FORMS: Readonly<Record<string, RegExp>> = {
  'a refresh token': /prt_[0-9a-z]{26}[\w-]{64}/,
  'an access token': /eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}/,
  'a link token': /plk_[\w-]{43}/,
  'a private key (PEM)': /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  'a private key (JWK)': /"d"\s*:\s*"[\w-]{40,}"/,
  // PKCS #8 of a P-256 key begins like this.
  'a private key (DER, hex)': /308187020100301306072a8648ce3d0201/i,
  'a private key (DER, base64)': /MIGHAgEAMBMGByqGSM49/,
};

/** @param allowed forms that may stand there: a link in a mail */
export function scan(
  where: string,
  text: string,
  secrets: ReadonlyMap<string, string>,
  allowed: readonly string[] = [],
): Leak[] {
  const leaks: Leak[] = [];
  for (const [secret, value] of secrets) {
    for (const [spelling, written] of Object.entries(spellingsOf(value))) {
      if (text.includes(written)) leaks.push({ secret, where, spelling });
    }
  }
  for (const [secret, form] of Object.entries(FORMS)) {
    if (!allowed.includes(secret) && form.test(text)) {
      leaks.push({ secret, where, spelling: 'by its form' });
    }
  }
  return leaks;
}

function spellingsOf(value: string): Record<string, string> {
  const bytes = Buffer.from(value);
  return {
    plain: value,
    'in JSON': JSON.stringify(value).slice(1, -1),
    'in an address': encodeURIComponent(value),
    'in a form': new URLSearchParams({ v: value }).toString().slice(2),
    hex: bytes.toString('hex'),
    base64: bytes.toString('base64').replace(/=+$/, ''),
    base64url: bytes.toString('base64url'),
  };
}

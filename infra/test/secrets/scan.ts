/** Looks for secrets in all that is kept: each that is known, in every spelling, and by their forms. */
import { KEY_VOUCH_TYPE } from '@portcullis/contracts';

export interface Leak {
  secret: string;
  where: string;
  /** How it is written there. */
  spelling: string;
}

/** Text in one of these forms is a secret, also where its value is not known. */
const FORMS: Readonly<Record<string, RegExp>> = {
  'a refresh token': /prt_[0-9a-z]{26}[\w-]{64}/,
  'an access token': /eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}/,
  'an authorization code': /pac_[\w-]{43}/,
  'a link token': /plk_[\w-]{43}/,
  'a private key (PEM)': /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/,
  // The member `d` of any of the three kinds; also in JSON within JSON, and as Node prints objects.
  'a private key (JWK)': /\\*"d\\*"\s*:\s*\\*"[\w-]{40,}/,
  'a private key (JWK, printed)': /\bd: ['"`][\w-]{40,}/,
  // By what stands before the key itself, which is the same for every key of its kind.
  'a P-256 key (PKCS #8, hex)': /30(81)?[0-9a-f]{2}020100301306072a8648ce3d0201/i,
  'a P-256 key (PKCS #8, base64)': /MIGHAgEAMBMGByqGSM49/,
  'a P-256 key (PKCS #8, short, base64)': /MEECAQAwEwYHKoZIzj0/,
  'a P-256 key (SEC 1, hex)': /30770201010420[0-9a-f]{64}a00a06082a8648ce3d0301/i,
  'a P-256 key (SEC 1, base64)': /MHcCAQEEI/,
  'an Ed25519 key (PKCS #8, hex)': /302e020100300506032b657004220420/i,
  'an Ed25519 key (PKCS #8, base64)': /MC4CAQAwBQYDK2VwBCIEI/,
  'an RSA key (PKCS #8, hex)': /3082[0-9a-f]{4}020100300d06092a864886f70d010101/i,
  'an RSA key (PKCS #8, base64)': /MII[\w+/-]{3}IBADANBgkqhkiG9w0BAQEF/,
  'an RSA key (PKCS #1, hex)': /3082[0-9a-f]{4}0201000282[0-9a-f]{4}00/i,
  'an RSA key (PKCS #1, base64)': /MII[\w+/-]{3}IBAAKC[\w+/-]{2}EA/,
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
    if (!allowed.includes(secret) && form.test(withoutVouches(text))) {
      leaks.push({ secret, where, spelling: 'by its form' });
    }
  }
  return leaks;
}

/** Public keys travel with grants, signed: of the form of an access token, and no secret. */
function withoutVouches(text: string): string {
  return text.replaceAll(/(eyJ[\w-]{10,})\.eyJ[\w-]{10,}\.[\w-]{10,}/g, (jws, header) =>
    Buffer.from(header, 'base64url').toString().includes(`"typ":"${KEY_VOUCH_TYPE}"`) ? '' : jws,
  );
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

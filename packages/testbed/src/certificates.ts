/**
 * Authorities and certificates of them for tests of TLS: X.509 v3 by ECDSA P-256 with SHA-256 (RFC 5280), written in
 * DER by hand, so that neither a program nor a package is needed. For tests only: nothing here is checked.
 */
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

const HOUR_MS = 3_600_000;

export interface CertificateOptions {
  /** DNS names that it is for; `localhost` unless given. */
  readonly names?: readonly string[];
  /** IPv4 addresses that it is for; none unless given. */
  readonly addresses?: readonly string[];
  /** When it ends, in milliseconds from now; an hour unless given. One that has ended has a negative one. */
  readonly endsInMs?: number;
}

/** In PEM. */
export interface IssuedCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface TestAuthority {
  /** Its own certificate, in PEM. */
  readonly cert: string;
  issue(options?: CertificateOptions): IssuedCertificate;
}

/** @param name other authorities have other names: a chain is looked for by them */
export function createAuthority(name: string): TestAuthority {
  const own = keyPair();
  const ends = Date.now() + 24 * HOUR_MS;
  const cert = certificate({
    issuer: name,
    signedBy: own.privateKey,
    subject: name,
    subjectKey: own.publicKey,
    ends,
    extensions: [
      extension(OID.basicConstraints, sequence(Buffer.from([0x01, 0x01, 0xff]))),
      extension(OID.keyUsage, tlv(0x03, Buffer.from([0x01, 0x06]))), // keyCertSign, cRLSign
    ],
  });
  return {
    cert,
    issue({ names = ['localhost'], addresses = [], endsInMs = HOUR_MS } = {}) {
      const pair = keyPair();
      const alternatives = [
        ...names.map((one) => tlv(0x82, Buffer.from(one, 'ascii'))),
        ...addresses.map((one) => tlv(0x87, Buffer.from(one.split('.').map(Number)))),
      ];
      return {
        key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
        cert: certificate({
          issuer: name,
          signedBy: own.privateKey,
          subject: names[0] ?? 'server',
          subjectKey: pair.publicKey,
          ends: Date.now() + endsInMs,
          extensions: [
            extension(OID.subjectAltName, sequence(...alternatives)),
            extension(OID.extKeyUsage, sequence(oid(OID.serverAuth), oid(OID.clientAuth))),
          ],
        }),
      };
    },
  };
}

const keyPair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });

interface Certificate {
  issuer: string;
  signedBy: KeyObject;
  subject: string;
  subjectKey: KeyObject;
  /** Milliseconds since 1970; it begins a day before that or before now, whatever is earlier. */
  ends: number;
  extensions: readonly Buffer[];
}

function certificate(of: Certificate): string {
  const algorithm = sequence(oid(OID.ecdsaWithSha256));
  const begins = Math.min(of.ends, Date.now()) - 24 * HOUR_MS;
  const body = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))), // version 3
    tlv(0x02, Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    algorithm,
    nameOf(of.issuer),
    sequence(moment(begins), moment(of.ends)),
    nameOf(of.subject),
    of.subjectKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(...of.extensions)),
  );
  const signature = sign('sha256', body, of.signedBy);
  const der = sequence(body, algorithm, tlv(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

const OID = {
  basicConstraints: [2, 5, 29, 19],
  clientAuth: [1, 3, 6, 1, 5, 5, 7, 3, 2],
  commonName: [2, 5, 4, 3],
  ecdsaWithSha256: [1, 2, 840, 10_045, 4, 3, 2],
  extKeyUsage: [2, 5, 29, 37],
  keyUsage: [2, 5, 29, 15],
  serverAuth: [1, 3, 6, 1, 5, 5, 7, 3, 1],
  subjectAltName: [2, 5, 29, 17],
} as const;

function oid([first, second, ...others]: readonly number[]): Buffer {
  const bytes = [40 * (first ?? 0) + (second ?? 0), ...others.flatMap(base128)];
  return tlv(0x06, Buffer.from(bytes));
}

function base128(value: number): number[] {
  const digits = [value % 128];
  for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128)) {
    digits.unshift(128 + (left % 128));
  }
  return digits;
}

/** None is critical. */
function extension(id: readonly number[], value: Buffer): Buffer {
  return sequence(oid(id), tlv(0x04, value));
}

const nameOf = (name: string): Buffer =>
  sequence(tlv(0x31, sequence(oid(OID.commonName), tlv(0x0c, Buffer.from(name)))));

/** As UTCTime, which has two digits of the year. */
function moment(at: number): Buffer {
  const digits = new Date(at).toISOString().replace(/[-:T]/g, '').slice(2, 14);
  return tlv(0x17, Buffer.from(`${digits}Z`, 'ascii'));
}

const sequence = (...parts: readonly Buffer[]): Buffer => tlv(0x30, Buffer.concat(parts));

/** Tag, length and value: a length below 128 is one byte, a longer one says how many bytes it has. */
function tlv(tag: number, value: Buffer): Buffer {
  const { length } = value;
  const long = length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...(length < 128 ? [length] : long)]), value]);
}

/** What hostile and legitimate tokens are made with: a good one, taken apart, and the issuer's keys. */
import type { KeyId } from '@portcullis/contracts';
import { generateKeyPairSync, sign, type JsonWebKey, type KeyObject } from 'node:crypto';
import type { TestIssuer } from '../test-issuer.ts';

type Json = Readonly<Record<string, unknown>>;
/** Text and bytes as they are, everything else as JSON. */
export type Part = string | Uint8Array | Json | readonly unknown[];

export interface Forge {
  /** Seconds since the epoch. */
  readonly now: number;
  readonly issuer: string;
  readonly audience: string;
  readonly kid: KeyId;
  /** Another key that the issuer publishes. */
  readonly otherKid: KeyId;
  readonly jwk: JsonWebKey;
  /** The header of a good token. */
  readonly header: Json;
  readonly claims: Json;
  readonly machine: Json;
  /** A good token. */
  readonly good: string;
  /** Signed by the issuer's own key, with any content: only the content can be wrong with it. */
  sign(header: Part, payload: Part, kid?: KeyId): string;
  /** Signed by a key that the issuer does not know. */
  signWithForeignKey(header: Part, payload: Part, how?: { der: boolean }): string;
}

/** Has the issuer sign with a new key; the one before stays published. */
export async function createForge(issuer: TestIssuer): Promise<Forge> {
  const otherKid = issuer.kid;
  const kid = await issuer.rotate();
  const good = await issuer.mint({ roles: ['admin'] });
  return {
    now: Math.floor(Date.now() / 1_000),
    issuer: issuer.issuer,
    audience: issuer.audience,
    kid,
    otherKid,
    jwk: issuer.publicJwk(kid),
    header: decoded(good, 0),
    claims: decoded(good, 1),
    machine: decoded(await issuer.mintMachine({ scope: 'users:read' }), 1),
    good,
    sign: (header, payload, by = kid) => issuer.signRaw(bytesOf(header), bytesOf(payload), by),
    signWithForeignKey: (header, payload, { der } = { der: false }) =>
      signedBy(foreignKey(), bytesOf(header), bytesOf(payload), der),
  };
}

let foreign: KeyObject | undefined;

function foreignKey(): KeyObject {
  return (foreign ??= generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
}

function signedBy(key: KeyObject, header: Uint8Array, payload: Uint8Array, der: boolean): string {
  const signed = `${encoded(header)}.${encoded(payload)}`;
  const dsaEncoding = der ? 'der' : 'ieee-p1363';
  return `${signed}.${encoded(sign('sha256', Buffer.from(signed), { key, dsaEncoding }))}`;
}

function bytesOf(part: Part): Uint8Array {
  if (part instanceof Uint8Array) return part;
  return Buffer.from(typeof part === 'string' ? part : JSON.stringify(part));
}

export function encoded(part: Part): string {
  return Buffer.from(bytesOf(part)).toString('base64url');
}

/** The three segments of a token that has three. */
export function segmentsOf(token: string): [header: string, payload: string, signature: string] {
  const [header = '', payload = '', signature = ''] = token.split('.');
  return [header, payload, signature];
}

function decoded(token: string, segment: 0 | 1): Json {
  const text = Buffer.from(segmentsOf(token)[segment], 'base64url').toString();
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw new Error('the issuer made no token');
  return { ...value };
}

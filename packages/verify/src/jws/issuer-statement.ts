/**
 * What the issuer signs beside access tokens, for a while: JWS in the compact form, each kind of a type of its own.
 *
 *   header   alg, typ, kid: whose signature it is
 *   payload  iss, iat, exp, and what the kind says
 *
 * Invariant: a header with one member more or less, another type, another issuer or a longer life, and it is none.
 */
import { isKeyId } from '@portcullis/contracts';
import { parseJws, type Jws } from './jws.ts';

const HEADER_MEMBERS = ['alg', 'typ', 'kid'];
const MAX_TIME = 253_402_300_799;

export interface IssuerStatement {
  /** The name of the key that has signed it. */
  readonly signer: string;
  /** Seconds since the epoch. */
  readonly iat: number;
  readonly exp: number;
  /** Its signature is not checked yet. */
  readonly jws: Jws;
}

export interface StatementKind {
  readonly type: string;
  /** Characters. */
  readonly maxLength: number;
  /** From `iat` to `exp`. */
  readonly maxSeconds: number;
}

/** @returns undefined for what is no statement of this kind by this issuer */
export function readStatement(
  text: string,
  issuer: string,
  { type, maxLength, maxSeconds }: StatementKind,
): IssuerStatement | undefined {
  let jws;
  try {
    jws = parseJws(text, maxLength);
  } catch {
    return undefined;
  }
  const { typ, kid: signer } = jws.header;
  if (typ !== type || !isKeyId(signer) || !hasOnly(jws.header, HEADER_MEMBERS)) return undefined;
  const { iss, iat, exp } = jws.payload;
  if (iss !== issuer || !isWhole(iat, MAX_TIME) || !isWhole(exp, MAX_TIME)) return undefined;
  if (exp <= iat || exp - iat > maxSeconds) return undefined;
  return { signer, iat, exp, jws };
}

export function hasOnly(object: object, members: readonly string[]): boolean {
  return Object.keys(object).every((name) => members.includes(name));
}

/** From 1 on. */
export function isWhole(value: unknown, most: number): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= most;
}

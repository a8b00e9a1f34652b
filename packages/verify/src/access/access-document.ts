/**
 * What roles carry, as the issuer signs it: JWS in the compact form, of a type of its own.
 *
 *   header   alg, typ `portcullis-access+jwt`, kid: whose signature it is
 *   payload  iss, iat, exp, number, permissions, roles
 *
 * Invariant: a header with one member more or less, another type, or a mapping that is not one, and it is none. What
 * more the payload may hold one day changes nothing here.
 */
import {
  ACCESS_DOCUMENT_TYPE,
  isKeyId,
  isRecord,
  KnownAccess,
  MAX_ACCESS_DOCUMENT_LENGTH,
  MAX_ACCESS_DOCUMENT_SECONDS,
  MAX_ACCESS_NUMBER,
  type AccessMapping,
} from '@portcullis/contracts';
import { parseJws, type Jws } from '../jws/jws.ts';

const HEADER_MEMBERS = ['alg', 'typ', 'kid'];
const MAX_SECONDS = 253_402_300_799;

export interface AccessDocument {
  readonly number: number;
  readonly rules: KnownAccess;
  /** What the rules were made of: equal where the mapping is the same. */
  readonly mapping: string;
  /** The name of the key that has signed it. */
  readonly signer: string;
  /** Seconds since the epoch. */
  readonly iat: number;
  readonly exp: number;
  /** Its signature is not checked yet. */
  readonly jws: Jws;
}

/** @returns undefined for what is no document of this issuer */
export function readAccessDocument(text: string, issuer: string): AccessDocument | undefined {
  let jws;
  try {
    jws = parseJws(text, MAX_ACCESS_DOCUMENT_LENGTH);
  } catch {
    return undefined;
  }
  const { typ, kid: signer } = jws.header;
  if (typ !== ACCESS_DOCUMENT_TYPE || !isKeyId(signer)) return undefined;
  if (!Object.keys(jws.header).every((name) => HEADER_MEMBERS.includes(name))) return undefined;
  const { iss, iat, exp, number } = jws.payload;
  if (iss !== issuer || !isWhole(iat, MAX_SECONDS) || !isWhole(exp, MAX_SECONDS)) return undefined;
  if (exp <= iat || exp - iat > MAX_ACCESS_DOCUMENT_SECONDS) return undefined;
  const mapping = mappingOf(jws.payload);
  if (mapping === undefined || !isWhole(number, MAX_ACCESS_NUMBER)) return undefined;
  const rules = new KnownAccess(mapping);
  return { number, rules, mapping: JSON.stringify(mapping), signer, iat, exp, jws };
}

function isWhole(value: unknown, most: number): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= most;
}

function mappingOf({ permissions, roles }: Record<string, unknown>): AccessMapping | undefined {
  if (!isTexts(permissions) || !isRecord(roles)) return undefined;
  const carried: [string, string[]][] = [];
  for (const [role, names] of Object.entries(roles)) {
    if (!isTexts(names)) return undefined;
    carried.push([role, names]);
  }
  return { permissions, roles: Object.fromEntries(carried) };
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

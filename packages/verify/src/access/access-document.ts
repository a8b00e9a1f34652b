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
  isRecord,
  KnownAccess,
  MAX_ACCESS_DOCUMENT_LENGTH,
  MAX_ACCESS_DOCUMENT_SECONDS,
  MAX_ACCESS_NUMBER,
  type AccessMapping,
} from '@portcullis/contracts';
import { isWhole, readStatement, type IssuerStatement } from '../jws/issuer-statement.ts';

const KIND = {
  type: ACCESS_DOCUMENT_TYPE,
  maxLength: MAX_ACCESS_DOCUMENT_LENGTH,
  maxSeconds: MAX_ACCESS_DOCUMENT_SECONDS,
};

export interface AccessDocument extends IssuerStatement {
  readonly number: number;
  readonly rules: KnownAccess;
  /** What the rules were made of: equal where the mapping is the same. */
  readonly mapping: string;
}

/** @returns undefined for what is no document of this issuer */
export function readAccessDocument(text: string, issuer: string): AccessDocument | undefined {
  const statement = readStatement(text, issuer, KIND);
  if (statement === undefined) return undefined;
  const { payload } = statement.jws;
  const { number } = payload;
  const mapping = mappingOf(payload);
  if (mapping === undefined || !isWhole(number, MAX_ACCESS_NUMBER)) return undefined;
  return {
    ...statement,
    number,
    rules: new KnownAccess(mapping),
    mapping: JSON.stringify(mapping),
  };
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

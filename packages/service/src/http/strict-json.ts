/**
 * JSON as a client may send it: UTF-8, of bounded depth, with one reading (RFC 8259 section 4), without the
 * member names that reach into prototypes, and without characters that PostgreSQL cannot store as text.
 */
import { Refusal, scanJson } from '@portcullis/contracts';
import { MAX_DEPTH } from './bounds.ts';

const POISONOUS = new Set(['__proto__', 'constructor', 'prototype']);
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws Refusal `invalid_json` */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new Refusal('invalid_json', { cause });
  }
}

/** @throws Refusal `invalid_json` or `invalid_request` */
export function parseStrictJson(text: string): unknown {
  const { members, deepest } = scanJson(Buffer.from(text));
  if (deepest > MAX_DEPTH) throw malformed('body', 'is nested too deeply');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own error quotes the text, and the log must not: there may be a password in it.
    throw new Refusal('invalid_json');
  }
  // What was written and is not there was written twice.
  if (checkMembers(value) !== members) throw malformed('body', 'names a member twice');
  return value;
}

/** @returns how many there are, in a value of bounded depth */
function checkMembers(value: unknown): number {
  if (typeof value === 'string') refuseUnstorable(value, 'body');
  if (typeof value !== 'object' || value === null) return 0;
  const isList = Array.isArray(value);
  let members = 0;
  for (const [name, member] of Object.entries(value)) {
    if (!isList) {
      refuseMemberName(name);
      members += 1;
    }
    members += checkMembers(member);
  }
  return members;
}

/** @throws Refusal `invalid_request` */
export function refuseMemberName(name: string): void {
  if (POISONOUS.has(name)) throw malformed('body', 'holds a member name that is not allowed');
  refuseUnstorable(name, 'member name');
}

/** NUL cannot be stored as text in PostgreSQL, and a lone surrogate is not text at all. */
export function refuseUnstorable(text: string, where: string): void {
  if (text.includes('\0') || /\p{Surrogate}/u.test(text)) {
    throw malformed(where, 'holds characters that are not allowed');
  }
}

export function malformed(path: string, message: string): Refusal {
  return new Refusal('invalid_request', { issues: [{ path: path.slice(0, 200), message }] });
}

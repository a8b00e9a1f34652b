/**
 * JSON as a client may send it: UTF-8, an object, of bounded depth, without the member names that
 * reach into prototypes, and without characters that PostgreSQL cannot store as text.
 */
import { Refusal } from '@portcullis/contracts';
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
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Refusal('invalid_json', { cause });
  }
  refuseHostile(value);
  return value;
}

/** Walks with a list of its own, since the depth is the sender's choice. */
function refuseHostile(root: unknown): void {
  const pending: { value: unknown; depth: number }[] = [{ value: root, depth: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value, depth } = next;
    if (typeof value === 'string') refuseUnstorable(value, 'body');
    if (typeof value !== 'object' || value === null) continue;
    if (depth >= MAX_DEPTH) throw malformed('body', 'is nested too deeply');
    for (const [name, member] of Object.entries(value)) {
      refuseMemberName(name);
      pending.push({ value: member, depth: depth + 1 });
    }
  }
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

/**
 * JSON that has one reading. `JSON.parse` keeps the last of two members with one name, and parsers
 * elsewhere keep the first: a token that means two things is refused (RFC 8259 section 4,
 * RFC 7515 section 4). So is one that names `__proto__`, or holds half of a surrogate pair
 * (RFC 7493 section 2.1).
 *
 * Invariant: the depth is bounded before anything is parsed, so that code that walks the value later
 * may do so by recursion.
 */
import { isRecord, scanJson } from '@portcullis/contracts';
import { isUtf8 } from 'node:buffer';

export const MAX_DEPTH = 8;

const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * One look at the bytes, and one at the value: to write the value again and compare, or to look into
 * each string for what only an escape can put there, would take twice as long.
 *
 * @param length of the bytes, at their beginning; a view of them alone would cost more than asking for it
 * @returns the object that the bytes hold
 * @throws when they are not UTF-8, not JSON, not an object, too deep, or name a member twice
 */
export function parseStrictJson(bytes: Buffer, length = bytes.length): Record<string, unknown> {
  const { members, deepest, ascii, escapes } = scanJson(bytes, length);
  if (deepest > MAX_DEPTH) throw new Error('nested too deeply');
  if (!ascii && !isUtf8(bytes.subarray(0, length))) throw new Error('not UTF-8');
  // A byte order mark stays, and is not JSON.
  const value = parse(bytes.toString(ascii ? 'latin1' : 'utf8', 0, length));
  if (!isRecord(value)) throw new Error('not a JSON object');
  // What was written and is not there was written twice.
  if (countKept(value) !== members) throw new Error('a member is named twice');
  // UTF-8 has no halves of pairs: they can only have been written as escapes.
  if (escapes) demandWholePairs(value);
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own error quotes the text, which must not get into a log.
    throw new Error('not JSON');
  }
}

/** The members of all objects in a value of bounded depth. */
function countKept(value: Readonly<Record<string, unknown>>): number {
  let members = 0;
  // No list of the names is made; a name that is inherited would only be one too many.
  for (const name in value) {
    if (name === '__proto__') throw new Error('no name for a member');
    members += 1 + countBelow(value[name]);
  }
  return members;
}

function countBelow(value: unknown): number {
  if (isRecord(value)) return countKept(value);
  let members = 0;
  if (Array.isArray(value)) for (const element of value) members += countBelow(element);
  return members;
}

function demandWholePairs(value: unknown): void {
  if (typeof value === 'string' && LONE_SURROGATE.test(value)) {
    throw new Error('half of a surrogate pair');
  }
  if (!isObject(value)) return;
  for (const [name, member] of Object.entries(value)) {
    demandWholePairs(name);
    demandWholePairs(member);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

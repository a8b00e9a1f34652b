/**
 * JSON that has one reading. `JSON.parse` keeps the last of two members with one name, and parsers
 * elsewhere keep the first: a token that means two things is refused (RFC 8259 section 4,
 * RFC 7515 section 4). So is one that names `__proto__`, or holds half of a surrogate pair
 * (RFC 7493 section 2.1).
 *
 * Invariant: the depth is bounded before anything is parsed, so that whatever walks the value later
 * may do so by recursion.
 */
import { isUtf8 } from 'node:buffer';

export const MAX_DEPTH = 8;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * One look at the bytes, and one at the value: to write the value again and compare, or to look into
 * each string for what only an escape can put there, would take twice as long.
 *
 * @returns the object that the bytes hold
 * @throws when they are not UTF-8, not JSON, not an object, too deep, or name a member twice
 */
export function parseStrictJson(bytes: Buffer): Record<string, unknown> {
  const { members, ascii, escapes } = survey(bytes);
  if (!ascii && !isUtf8(bytes)) throw new Error('not UTF-8');
  // A byte order mark stays, and is not JSON.
  const value: unknown = JSON.parse(bytes.toString(ascii ? 'latin1' : 'utf8'));
  if (!isRecord(value)) throw new Error('not a JSON object');
  // What was written and is not there was written twice.
  if (countKept(value) !== members) throw new Error('a member is named twice');
  // UTF-8 has no halves of pairs: they can only have been written as escapes.
  if (escapes) demandWholePairs(value);
  return value;
}

interface Survey {
  /** The colons outside of strings: one a member, in bytes that are JSON. */
  readonly members: number;
  /** Whether strings are ASCII, as those of tokens are; elsewhere, and escaped, nothing else is JSON. */
  readonly ascii: boolean;
  /** Whether a string has any escape. */
  readonly escapes: boolean;
}

/**
 * Bytes that are not JSON are surveyed somehow, and refused by the parser.
 *
 * @throws when it is too deep
 */
function survey(bytes: Uint8Array): Survey {
  const { length } = bytes;
  let members = 0;
  let depth = 0;
  /** All that occur in strings. */
  let bits = 0;
  let escapes = false;
  for (let at = 0; at < length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) {
      // Most bytes are those of strings, in a loop of their own that is a third quicker.
      for (at += 1; at < length; at += 1) {
        const inside = bytes[at] ?? 0;
        bits |= inside;
        if (inside === QUOTE) break;
        if (inside === BACKSLASH) {
          escapes = true;
          at += 1;
        }
      }
    } else if (byte === COLON) {
      members += 1;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth += 1;
      if (depth > MAX_DEPTH) throw new Error('nested too deeply');
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth -= 1;
    }
  }
  return { members, ascii: bits < 0x80, escapes };
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

function isRecord(value: unknown): value is Record<string, unknown> {
  return isObject(value) && !Array.isArray(value);
}

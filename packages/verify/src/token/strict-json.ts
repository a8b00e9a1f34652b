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
 * @returns the object that the bytes hold
 * @throws when they are not UTF-8, not JSON, not an object, too deep, or name a member twice
 */
export function parseStrictJson(bytes: Buffer): Record<string, unknown> {
  if (!isUtf8(bytes)) throw new Error('not UTF-8');
  // A byte order mark stays, and is not JSON.
  const text = bytes.toString('utf8');
  if (isPlain(text)) {
    const value: unknown = JSON.parse(text);
    // Written as it would be written again: then nothing in it was written twice.
    if (JSON.stringify(value) === text && isRecord(value)) return value;
  }
  const written = countMembers(text);
  const value: unknown = JSON.parse(text);
  if (!isRecord(value)) throw new Error('not a JSON object');
  // What was written and is not there was written twice.
  if (countKept(value) !== written) throw new Error('a member is named twice');
  return value;
}

/** Nothing to look into: no escapes, no name that is refused, and too few brackets to be deep. */
function isPlain(text: string): boolean {
  if (text.includes('\\') || text.includes('__proto__')) return false;
  let left = MAX_DEPTH;
  for (const bracket of ['{', '[']) {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) left -= 1;
  }
  return left >= 0;
}

/**
 * The colons outside of strings: one a member, in text that is JSON. Text that is not is counted
 * somehow, and refused by the parser.
 *
 * @throws when it is too deep
 */
function countMembers(text: string): number {
  let members = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(text, at);
        break;
      case COLON:
        members += 1;
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        depth += 1;
        if (depth > MAX_DEPTH) throw new Error('nested too deeply');
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        depth -= 1;
        break;
      default:
    }
  }
  return members;
}

/** @returns where the string ends that begins at `start`; the end of the text when it does not */
function endOfString(text: string, start: number): number {
  for (let at = start; ;) {
    at = text.indexOf('"', at + 1);
    if (at < 0) return text.length;
    let backslashes = 0;
    while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return at;
  }
}

/** The members of all objects in a value of bounded depth. */
function countKept(value: unknown): number {
  if (typeof value === 'string') {
    if (LONE_SURROGATE.test(value)) throw new Error('half of a surrogate pair');
    return 0;
  }
  if (typeof value !== 'object' || value === null) return 0;
  let members = 0;
  if (Array.isArray(value)) {
    for (const element of value) members += countKept(element);
    return members;
  }
  for (const [name, member] of Object.entries(value)) {
    if (name === '__proto__' || LONE_SURROGATE.test(name)) throw new Error('no name for a member');
    members += 1 + countKept(member);
  }
  return members;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

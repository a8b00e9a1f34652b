/**
 * JSON that has one reading. `JSON.parse` keeps the last of two members with one name, and parsers
 * elsewhere keep the first: a token that means two things is refused (RFC 8259 section 4,
 * RFC 7515 section 4).
 */
export const MAX_DEPTH = 8;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * @returns the object that the bytes hold
 * @throws when they are not UTF-8, not JSON, not an object, too deep, or name a member twice
 */
export function parseStrictJson(bytes: Uint8Array): Record<string, unknown> {
  const text = decoder.decode(bytes);
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error('not a JSON object');
  }
  refuseAmbiguity(text);
  return Object.fromEntries(Object.entries(value));
}

/** Walks text that `JSON.parse` has taken already, so the grammar need not be checked again. */
function refuseAmbiguity(text: string): void {
  // One entry an open bracket: the names seen so far in an object, null for an array.
  const open: (Set<string> | null)[] = [];
  let expectName = false;
  for (let at = 0; at < text.length; at += 1) {
    switch (text[at]) {
      case '{':
        open.push(new Set());
        expectName = true;
        break;
      case '[':
        open.push(null);
        expectName = false;
        break;
      case '}':
      case ']':
        open.pop();
        break;
      case ',':
        expectName = open.at(-1) instanceof Set;
        break;
      case ':':
        expectName = false;
        break;
      case '"': {
        const end = endOfString(text, at);
        if (expectName) {
          const names = open.at(-1);
          // The decoded name counts: "\u0061ud" is "aud".
          const name: unknown = JSON.parse(text.slice(at, end + 1));
          if (typeof name === 'string' && names instanceof Set) {
            if (names.has(name)) throw new Error('a member is named twice');
            names.add(name);
          }
        }
        at = end;
        break;
      }
      default:
    }
    if (open.length > MAX_DEPTH) throw new Error('nested too deeply');
  }
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}

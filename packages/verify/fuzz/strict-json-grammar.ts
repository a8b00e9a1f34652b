/**
 * JSON (RFC 8259) by its grammar, written apart from the verifier's own reading of it: a descent that
 * takes each member as it comes and remembers its name. Slow, and plain to check.
 */

export interface JsonLimits {
  depth: number;
}

/** @throws SyntaxError for anything but one object of one reading */
export function readObject(text: string, limits: JsonLimits): ReadonlyMap<string, unknown> {
  const reader = new Reader(text, limits.depth);
  const value = reader.whole();
  if (!(value instanceof Map)) throw new SyntaxError('not an object');
  return value;
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const STRING = /"(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
const WORDS: readonly (readonly [string, unknown])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];

class Reader {
  readonly #text: string;
  readonly #depth: number;
  #at = 0;

  constructor(text: string, depth: number) {
    this.#text = text;
    this.#depth = depth;
  }

  whole(): unknown {
    const value = this.#value(0);
    this.#space();
    if (this.#at !== this.#text.length) throw new SyntaxError('something behind it');
    return value;
  }

  #value(depth: number): unknown {
    this.#space();
    const first = this.#text[this.#at];
    if (first === '{') return this.#object(depth + 1);
    if (first === '[') return this.#array(depth + 1);
    if (first === '"') return this.#string();
    for (const [word, value] of WORDS) {
      if (!this.#text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return value;
    }
    return Number(this.#match(NUMBER));
  }

  #object(depth: number): ReadonlyMap<string, unknown> {
    const members = new Map<string, unknown>();
    this.#open(depth);
    if (this.#takes('}')) return members;
    do {
      this.#space();
      const name = this.#string();
      if (members.has(name)) throw new SyntaxError('a name twice');
      if (name === '__proto__') throw new SyntaxError('a name that is refused');
      if (!this.#takes(':')) throw new SyntaxError('no colon');
      members.set(name, this.#value(depth));
    } while (this.#takes(','));
    if (!this.#takes('}')) throw new SyntaxError('no end of an object');
    return members;
  }

  #array(depth: number): readonly unknown[] {
    const elements: unknown[] = [];
    this.#open(depth);
    if (this.#takes(']')) return elements;
    do elements.push(this.#value(depth));
    while (this.#takes(','));
    if (!this.#takes(']')) throw new SyntaxError('no end of an array');
    return elements;
  }

  #open(depth: number): void {
    if (depth > this.#depth) throw new SyntaxError('too deep');
    this.#at += 1;
  }

  #string(): string {
    const written = this.#match(STRING).slice(1, -1);
    const read = written.replaceAll(/\\(?:u(.{4})|(.))/g, (_all, hex?: string, escaped = '') =>
      hex === undefined ? unescaped(escaped) : String.fromCharCode(Number.parseInt(hex, 16)),
    );
    for (const character of read) {
      const code = character.codePointAt(0) ?? 0;
      if (code >= 0xd800 && code <= 0xdfff) throw new SyntaxError('half of a surrogate pair');
    }
    return read;
  }

  #match(token: RegExp): string {
    token.lastIndex = this.#at;
    const found = token.exec(this.#text)?.[0];
    if (found === undefined) throw new SyntaxError(`nothing of JSON at ${this.#at}`);
    this.#at += found.length;
    return found;
  }

  #takes(character: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #space(): void {
    while (/[ \t\n\r]/.test(this.#text[this.#at] ?? '')) this.#at += 1;
  }
}

function unescaped(character: string): string {
  const at = 'bfnrt'.indexOf(character);
  return at < 0 ? character : '\b\f\n\r\t'.charAt(at);
}

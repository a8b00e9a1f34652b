/** The words that a file uses: in its names, and in what it writes to a wire, a log or a reader. */
import { parseSync, Visitor } from 'oxc-parser';

export interface Words {
  /** Identifiers, private ones and members too, each once. */
  readonly names: readonly string[];
  /** Texts: literals, and what templates hold as it is. */
  readonly texts: readonly string[];
}

/** @param path of the file, by whose ending it is read */
export function wordsOf(path: string, text: string): Words {
  const names = new Set<string>();
  const texts: string[] = [];
  new Visitor({
    Identifier: ({ name }) => void names.add(name),
    PrivateIdentifier: ({ name }) => void names.add(name),
    Literal: ({ value }) => {
      if (typeof value === 'string') texts.push(value);
    },
    TemplateElement: ({ value }) => void texts.push(value.raw),
  }).visit(parseSync(path, text).program);
  return { names: [...names], texts };
}

/** @returns each comment, without the signs and breaks of its lines; `//` lines that follow are one */
export function commentsOf(path: string, text: string): string[] {
  const found: { type: string; text: string; end: number }[] = [];
  for (const { type, value, start, end } of parseSync(path, text).comments) {
    const last = found.at(-1);
    const follows =
      type === 'Line' && last?.type === type && text.slice(last.end, start).trim() === '';
    if (follows) found.pop();
    found.push({ type, text: follows ? `${last.text} ${value}` : value, end });
  }
  return found.map((comment) => comment.text.replaceAll(/^\*|\s*\n\s*\*?\s*|\s+/g, ' ').trim());
}

/** `isKnownNetwork`, `MAX_ROWS` and `print-mail-links.ts` are made of these words, in lower case. */
export function partsOf(name: string): string[] {
  const apart = name.replaceAll(/([a-z\d])([A-Z])/g, '$1 $2');
  return apart.toLowerCase().split(/[^a-z\d]+/);
}

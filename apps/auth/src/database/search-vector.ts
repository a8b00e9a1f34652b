/**
 * How accounts are found by a part of their address or name, without reading them all.
 *
 * The index `users_search` has, of each account, the three characters from each place of its address and of
 * its folded name on (two and one at their ends), as a `tsvector`: text search of PostgreSQL itself, in which
 * they are words. No extension is needed, and every script is served: `pg_trgm` takes letters for what the
 * locale of the database takes for them, which is ASCII alone where that is C. A text of three characters
 * or more is in an account only if all its threes are; a shorter one only if a word begins with it.
 *
 * What the index names may hold the text, and what it does not name cannot.
 */
import { sql, type SQL, type SQLWrapper } from 'drizzle-orm';

const WORD = 3;
/** Of a long text, so many characters are looked for in the index: that is selective enough. */
const LONGEST = 32;

export interface SearchedColumns {
  readonly emailKey: SQLWrapper;
  readonly name: SQLWrapper;
}

/** As the migration 0015 makes it: what the index is on. */
export function searchVector({ emailKey, name }: SearchedColumns): SQL {
  return sql`account_search_vector(${emailKey}, ${name})`;
}

/** @returns a condition for accounts that may hold one of these texts, none of them empty */
export function mayHold(columns: SearchedColumns, texts: readonly string[]): SQL {
  const query = texts.map((text) => `(${wordsOf(text)})`).join(' | ');
  return sql`${searchVector(columns)} @@ ${query}::tsquery`;
}

/** Every second word of a text, and the last: the others cost more than they exclude. */
function wordsOf(text: string): string {
  const characters = Array.from(text).slice(0, LONGEST);
  if (characters.length < WORD) return `${quoted(characters)}:*`;
  const last = characters.length - WORD;
  const places = Array.from(characters.keys()).filter((place) => place < last && place % 2 === 0);
  const words = [...places, last].map((place) => quoted(characters.slice(place, place + WORD)));
  return [...new Set(words)].join(' & ');
}

/** As `tsquery` reads a word (section 8.11.2 of the manual): in quotes, within which both of these are doubled. */
function quoted(characters: readonly string[]): string {
  return `'${characters.join('').replaceAll(/['\\]/g, '$&$&')}'`;
}

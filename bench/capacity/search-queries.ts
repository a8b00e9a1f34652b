/** What is searched for, and what has to be found: by a search through all texts, in this process. */
import { seededRandom } from '@portcullis/testkit';
import type { Sql } from 'postgres';
import { z } from 'zod';

export interface Query {
  readonly text: string;
  /** Accounts that it is in. */
  readonly hits: number;
  /** Ids of the first of them, in order. */
  readonly first: readonly string[];
}

export interface Wanted {
  readonly count: number;
  readonly seed: number;
  /** Of the ids that are told of each. */
  readonly page: number;
}

const SHORTEST = 2;
const LONGEST = 20;
/** Hits of no more than that; of each kind there are equally many, where there are so many. */
const KINDS = [0, 10, 100, 1_000, 10_000, 100_000];
const TRIES_EACH = 6;
/** No name has these in it. */
const NOWHERE = ['qx', 'zzq', 'нщъ', 'ξξ', '龘', '뷁', '%', '_a', "q'w"];
const MARK = '\n';

const rows = z.array(z.object({ id: z.string(), address: z.string(), name: z.string() }));

/** @returns queries that are the same for the same accounts and seed */
export async function queriesFor(sql: Sql, { count, seed, page }: Wanted): Promise<Query[]> {
  const texts = await Texts.read(sql);
  const random = seededRandom(seed);
  const left = KINDS.map(() => Math.ceil(count / KINDS.length));
  const queries = new Array<Query>();
  const spare = new Array<Query>();
  const seen = new Set<string>();
  for (let tries = 0; tries < TRIES_EACH * count && queries.length < count; tries += 1) {
    const text = someText(texts, random, left[0] !== 0);
    if (seen.has(text)) continue;
    seen.add(text);
    const query = texts.find(text, page);
    const kind = KINDS.findIndex((most) => query.hits <= most);
    if (kind < 0) continue;
    const room = left[kind] ?? 0;
    (room > 0 ? queries : spare).push(query);
    left[kind] = Math.max(0, room - 1);
  }
  return [...queries, ...spare].slice(0, count);
}

function someText(texts: Texts, random: () => number, missing: boolean): string {
  const below = (most: number) => Math.floor(random() * most);
  const characters = Array.from(texts.some(random()));
  const length = SHORTEST + below(LONGEST - SHORTEST + 1);
  const begin = below(Math.max(1, characters.length - length + 1));
  const part = characters
    .slice(begin, begin + length)
    .join('')
    .trim();
  const nowhere = NOWHERE[below(NOWHERE.length)] ?? '';
  const wanted =
    missing && random() < 0.3 ? nowhere + part.slice(0, length - nowhere.length) : part;
  const text = random() < 0.5 ? wanted.toUpperCase() : wanted;
  return (Array.from(text).length < SHORTEST ? `${text}${nowhere}` : text).trim();
}

/** All that is searched, in one text. */
class Texts {
  readonly #all: string;
  readonly #ids: readonly string[];
  /** Where the text of each account begins. */
  readonly #starts: readonly number[];

  private constructor(entries: readonly (readonly [string, string])[]) {
    this.#all = MARK + entries.map(([, text]) => text).join(MARK) + MARK;
    this.#ids = entries.map(([id]) => id);
    let start = 1;
    this.#starts = entries.map(([, text]) => (start += text.length + 1) - text.length - 1);
  }

  static async read(sql: Sql): Promise<Texts> {
    const entries = new Array<readonly [string, string]>();
    const all = sql`
      select id, email_key as address, coalesce(name, '') as name from users
      where status <> 'deleted' order by id`;
    for await (const chunk of all.cursor(10_000)) {
      for (const { id, address, name } of rows.parse(chunk)) {
        entries.push([id, `${address}\t${folded(name)}`]);
      }
    }
    return new Texts(entries);
  }

  /** @param place in [0, 1) */
  some(place: number): string {
    const start = this.#starts[Math.floor(place * this.#starts.length)] ?? 1;
    const [address = '', name = ''] = this.#all
      .slice(start, this.#all.indexOf(MARK, start))
      .split('\t');
    return start % 2 === 0 || name === '' ? address : name;
  }

  find(text: string, page: number): Query {
    const wanted = folded(text);
    const first = new Array<string>();
    let hits = 0;
    let account = 0;
    for (let at = this.#all.indexOf(wanted); at >= 0; at = this.#all.indexOf(wanted, at)) {
      if (first.length < page) {
        while ((this.#starts[account + 1] ?? Infinity) <= at) account += 1;
        first.push(this.#ids[account] ?? '');
      }
      hits += 1;
      at = this.#all.indexOf(MARK, at);
    }
    return { text, hits, first };
  }
}

/** As auth says that it does, by another implementation. */
function folded(text: string): string {
  return text.normalize('NFKC').toUpperCase().toLowerCase().replaceAll('ς', 'σ');
}

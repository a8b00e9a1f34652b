/**
 * How long an administrator's search takes: auth is asked over HTTP, one query after another, and each answer is compared
 * with what a search through all texts finds.
 */
import postgres from 'postgres';
import { z } from 'zod';
import { quantile } from '../distribution.ts';
import { callerOf, type Caller } from './calling.ts';
import { fillAccounts } from './search-accounts.ts';
import { queriesFor, type Query } from './search-queries.ts';

export interface Searched {
  readonly name: string;
  /** Of auth's database, as its owner. */
  readonly databaseUrl: string;
  readonly url: string;
  /** `Authorization` of a machine client with the scope `users:read`. */
  readonly authorization: string;
}

export interface SearchOptions {
  readonly accounts: number;
  readonly queries?: number;
  readonly seed?: number;
  progress(line: string): void;
}

export interface SearchFigure {
  /** Characters. */
  readonly length: number;
  readonly text: string;
  readonly hits: number;
  readonly ms: number;
}

export interface SearchMeasured {
  readonly figures: readonly SearchFigure[];
  /** Milliseconds. */
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

/** Of each page; what the endpoint gives unless told. */
const PAGE = 20;
/** Queries that are not counted: what runs for the first time is compiled and fetched first. */
const WARM_UP = 20;
/** A token is used for so many queries; it lives ten minutes. */
const TOKEN_FOR = 50;

/**
 * Fills the database of each and asks them in turns, so that a ratio is taken within one run.
 *
 * @returns what was measured, by the names of the subjects
 * @throws Error for the first answer that is not what a search through all texts finds
 */
export async function measureSearches(
  subjects: readonly Searched[],
  { accounts, queries = 500, seed = 20, progress }: SearchOptions,
): Promise<Map<string, SearchMeasured>> {
  const asked = new Array<Query>();
  for (const { name, databaseUrl } of subjects) {
    const sql = postgres(databaseUrl, { max: 1, onnotice: () => undefined });
    try {
      await fillAccounts(sql, accounts, (line) => progress(`${name}: ${line}`));
      if (asked.length > 0) continue;
      progress('what has to be found');
      asked.push(...(await queriesFor(sql, { count: queries, seed, page: PAGE })));
    } finally {
      await sql.end({ timeout: 5 });
    }
  }
  const askers = subjects.map((subject) => new Asker(subject));
  try {
    for (const asker of askers) for (const query of asked.slice(0, WARM_UP)) await asker.ask(query);
    return await inTurns(askers, asked, progress);
  } finally {
    for (const asker of askers) asker[Symbol.dispose]();
  }
}

async function inTurns(
  askers: readonly Asker[],
  asked: readonly Query[],
  progress: (line: string) => void,
): Promise<Map<string, SearchMeasured>> {
  const figures = new Map(askers.map((asker) => [asker, new Array<SearchFigure>()]));
  for (const [number, query] of asked.entries()) {
    if (number % 50 === 0) progress(`query ${number} of ${asked.length}`);
    for (const asker of number % 2 === 0 ? askers : askers.toReversed()) {
      figures.get(asker)?.push(await asker.ask(query));
    }
  }
  return new Map(Array.from(figures, ([{ name }, all]) => [name, summaryOf(all)]));
}

function summaryOf(figures: readonly SearchFigure[]): SearchMeasured {
  const times = figures.map(({ ms }) => ms);
  const [p50, p95] = [quantile(times, 0.5), quantile(times, 0.95)];
  return { figures, p50, p95, max: Math.max(...times) };
}

const token = z.object({ access_token: z.string() });
const page = z.object({
  result: z.object({
    data: z.object({
      users: z.array(z.object({ id: z.string() })),
      next_cursor: z.string().nullable(),
    }),
  }),
});

class Asker implements Disposable {
  readonly name: string;
  readonly #caller: Caller;
  readonly #authorization: string;
  #token = '';
  #uses = 0;

  constructor({ name, url, authorization }: Searched) {
    this.name = name;
    this.#caller = callerOf(url, 1);
    this.#authorization = authorization;
  }

  async ask({ text, hits, first }: Query): Promise<SearchFigure> {
    await this.#freshToken();
    const input = encodeURIComponent(JSON.stringify({ query: text, limit: PAGE }));
    const began = performance.now();
    const answer = await this.#caller.succeed({
      method: 'GET',
      path: `/trpc/accounts.list?input=${input}`,
      token: this.#token,
    });
    const ms = performance.now() - began;
    const { users, next_cursor: next } = page.parse(answer).result.data;
    const found = users.map(({ id }) => id).join(' ');
    if (found !== first.join(' ') || (next === null) !== hits <= PAGE) {
      throw new Error(`${this.name}: "${text}" is in ${hits}, ${first.join(' ')}; found ${found}`);
    }
    return { length: Array.from(text).length, text, hits, ms };
  }

  async #freshToken(): Promise<void> {
    this.#uses += 1;
    if (this.#uses % TOKEN_FOR !== 1) return;
    const answer = await this.#caller.succeed({
      method: 'POST',
      path: '/oauth2/token',
      authorization: this.#authorization,
      body: 'grant_type=client_credentials',
    });
    this.#token = token.parse(answer).access_token;
  }

  [Symbol.dispose](): void {
    this.#caller[Symbol.dispose]();
  }
}

/** The revocation log, as the database says that it is. */
import { REVOCATION_KIND_NAMES } from '@portcullis/contracts';
import postgres from 'postgres';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Stall } from './machine.ts';
import type { Token } from './token.ts';

/** A commit of one row that takes longer was held up by the machine. */
const LONG_COMMIT_MS = 150;

const row = z.object({
  id: z.string(),
  kind: z.enum(REVOCATION_KIND_NAMES),
  key: z.string(),
  generation: z.number().nullable(),
  position: z.number().nullable(),
  published: z.boolean(),
  audited: z.boolean(),
  occurred_at: z.number(),
});

export interface Logged extends z.infer<typeof row> {
  /** It had committed by this moment of our clock. */
  readonly committedBy: number;
  /** It had not been written before this moment of our clock. */
  readonly writtenAfter: number;
  /** A restored backup does not have it; it ends what it ended all the same. */
  readonly lost?: boolean;
}

/** Wall clocks of one machine, read one after the other; a step of the clock would show here. */
const CLOCKS_MS = 50;

/** Watches the log, so as to know by when each row, of any writer, had committed. */
export class LogWatch implements AsyncDisposable {
  readonly sql: postgres.Sql;
  /** When a commit that waits for no lock took long. */
  readonly stalls: Stall[] = [];
  readonly #rows = new Map<string, Logged>();
  readonly #since: Date;
  readonly #pollMs: number;
  #watching: Promise<void>;
  #stopped = false;

  /** @param url the database itself, by no way that a fault could cut */
  constructor(url: string, pollMs: number) {
    this.#pollMs = pollMs;
    this.sql = postgres(url, { max: 4, onnotice: () => {} });
    this.#since = new Date(Date.now() - 1_000);
    this.#watching = this.#watch();
  }

  get rows(): Logged[] {
    return [...this.#rows.values()];
  }

  /** Looks once more, at all that may have changed since that moment; since the start by default. */
  async look(since = this.#since): Promise<void> {
    const found = await this.sql`
      select l.id, l.kind, l.key, l.generation, l.position::float8 as position,
        l.published_at is not null as published,
        exists (select from audit_log a where a.request_id = l.request_id) as audited,
        (extract(epoch from l.occurred_at) * 1000)::float8 as occurred_at
      from revocation_log l where l.occurred_at > ${since}`;
    const now = performance.now();
    const toOurs = now - Date.now();
    for (const one of found) {
      const logged = row.parse(one);
      const known = this.#rows.get(logged.id);
      this.#rows.set(logged.id, {
        ...logged,
        committedBy: known?.committedBy ?? now,
        writtenAfter: known?.writtenAfter ?? logged.occurred_at + toOurs - CLOCKS_MS,
      });
    }
  }

  /** @returns the first that fits, or undefined after that many milliseconds */
  async find(fits: (logged: Logged) => boolean, timeoutMs: number): Promise<Logged | undefined> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      await this.look(lately());
      const found = this.rows.find(fits);
      if (found !== undefined || performance.now() > deadline) return found;
      await sleep(10);
    }
  }

  /** Stays off the database while it is copied or replaced. */
  async away(work: () => Promise<void>): Promise<void> {
    this.#stopped = true;
    await this.#watching;
    await this.look();
    await work();
    this.#stopped = false;
    this.#watching = this.#watch();
  }

  /** Notes which rows a restored database does not have. */
  async noteLost(): Promise<void> {
    const found = await this.sql`select id from revocation_log`;
    const there = new Set(found.map(({ id }) => String(id)));
    for (const [id, logged] of this.#rows) {
      if (!there.has(id)) this.#rows.set(id, { ...logged, lost: true });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await this.#watching;
    await this.sql.end({ timeout: 2 });
  }

  async #watch(): Promise<void> {
    await this.sql`create table if not exists faults_commit (made int not null)`;
    await this.sql`insert into faults_commit values (0)`;
    while (!this.#stopped) {
      await this.look(lately());
      await this.#commit();
      await sleep(this.#pollMs);
    }
  }

  /** Of a row that is not in the history yet. */
  async #commit(): Promise<void> {
    const from = performance.now();
    await this.sql`update faults_commit set made = made + 1`;
    const to = performance.now();
    if (to - from > LONG_COMMIT_MS) this.stalls.push({ from, to });
  }
}

/** Before that no transaction of these tests can have begun that has not ended. */
function lately(): Date {
  return new Date(Date.now() - 20_000);
}

/** Whether this revocation ends that token, said once more and apart from the ledger. */
export function affects(logged: Logged, token: Token): boolean {
  const { kind, key, generation } = logged;
  switch (kind) {
    case 'session':
      return token.sid === key;
    case 'token':
      return token.jti === key;
    case 'subject':
    case 'claims_changed':
      return token.sub === key && token.gen < (generation ?? 0);
    case 'client':
      return token.client_id === key && token.cgen < (generation ?? 0);
    case 'client_subject':
      return `${token.client_id}/${token.sub}` === key && token.csgen < (generation ?? 0);
    case 'key':
      return token.kid === key;
    case 'issuer':
      return token.igen < (generation ?? 0);
  }
}

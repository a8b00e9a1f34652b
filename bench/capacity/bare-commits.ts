import postgres from 'postgres';
import type { Beside } from './part.ts';
import type { Subject } from './subject.ts';

/** One row inserted and committed, over a connection of its own. */
export async function bareCommits({ databaseUrl }: Subject): Promise<Beside> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => undefined });
  await sql`create table if not exists bench_commits (id bigserial primary key)`;
  return {
    once: async () => void (await sql`insert into bench_commits default values`),
    [Symbol.asyncDispose]: async () => await sql.end(),
  };
}

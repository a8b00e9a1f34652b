/** What user does to its database, in the columns of its first schema. */
import { anyOf, requestOf } from './statements.ts';
import type { Subject } from './subject.ts';

const AT_WORK = { read: 4, rename: 4, learn: 2 };

let rows = 1;
const aUser = (): string => `usr_${anyOf(rows)}`;

export const USER: Subject = {
  name: 'user',
  async fill(sql, count) {
    rows = count;
    await sql`
      insert into profiles (user_id, email, name, created_at)
      select 'usr_' || n, n || '@example.test', 'Ada', now() from generate_series(1, ${count}::int) n
      on conflict do nothing`;
  },
  requests(sql) {
    const times = (count: number, work: () => Promise<unknown>) =>
      Array.from({ length: count }, () => requestOf(work));
    return [
      ...times(AT_WORK.read, () => sql`select name from profiles where user_id = ${aUser()}`),
      ...times(
        AT_WORK.rename,
        () => sql`update profiles set name = 'Grace' where user_id = ${aUser()}`,
      ),
      ...times(
        AT_WORK.learn,
        () => sql`
          insert into profiles (user_id, email, name, created_at)
          values (${aUser()}, 'ada@example.test', 'Ada', now())
          on conflict (user_id) do update set name = excluded.name
          where profiles.deleted_at is null`,
      ),
    ];
  },
};

/** The search for accounts among many: it finds what a look at all of them finds, and none of its statements looks at all. */
import { appDatabase, createTestBed, type TestBed } from '@portcullis/testbed';
import type { MachineCall } from '@portcullis/api';
import { drizzle } from 'drizzle-orm/postgres-js';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createListAccounts } from '../../src/account/list-accounts.ts';
import type { Database } from '../../src/database/database.ts';
import { prepared } from '../../src/database/prepared.ts';
import * as schema from '../../src/database/schema/index.ts';
import { KNOWN_TYPES } from '../../src/database/types.ts';

const ACCOUNTS = 20_000;
/** The last of them, side by side: more than the search looks at one by one. */
const LATE = 6_000;
const BEFORE = 2_000;
const EVERY_KIND = 37;
const NAMES = [
  'Grace Hopper',
  'Иван Щукин',
  'Ökan Ğül',
  'Zo\u00eb',
  'Jose\u0301',
  'Weiß',
  'ΟΔΥΣΣΕΥΣ',
  'ﾀﾅｶ ハナコ',
  '王小明',
  'محمد علي',
  '김민준',
  "O'Brien",
  '100 % _wild\\',
  "a\\'b  c",
  '🙂 smile',
  'İzmir',
  'x',
  null,
];

interface Account {
  id: string;
  address: string;
  /** Folded. */
  name: string;
  status: string;
  roles: string[];
}

let bed: TestBed<'auth'>;
let sql: Sql;
let statements: { text: string; parameters: unknown[] }[];
let list: (input: Partial<Filters>) => Promise<{ ids: string[]; next: string | null }>;
let accounts: Account[];

interface Filters {
  query: string;
  role: 'admin' | 'support';
  status: 'active' | 'disabled';
  cursor: never;
  limit: number;
}

beforeAll(async () => {
  bed = await createTestBed({ databases: { auth: appDatabase('auth') } });
  sql = postgres(bed.databaseUrls.auth, { ...KNOWN_TYPES, max: 1, onnotice: () => undefined });
  bed.use({ [Symbol.asyncDispose]: async () => await sql.end() });
  const logger = {
    logQuery: (text: string, parameters: unknown[]) => statements.push({ text, parameters }),
  };
  const database: Database = drizzle(prepared(sql), { schema, logger });
  const verb = createListAccounts(database);
  list = async (input) => {
    statements = [];
    const page = await verb({} as MachineCall, { limit: 20, ...input });
    return { ids: page.users.map(({ id }) => id), next: page.next_cursor };
  };
  await fill();
}, 120_000);

afterAll(async () => await bed.dispose());

/** PostgreSQL counts when there are `BEFORE` of them, and not when there are all. */
async function fill(): Promise<void> {
  await sql`alter table users set (autovacuum_enabled = false)`;
  await putIn(1, BEFORE);
  await sql`analyze users`;
  await putIn(BEFORE + 1, ACCOUNTS);
  await sql`update users set name = null where name = ''`;
  accounts = await sql<Account[]>`
    select id, email_key as address, coalesce(name, '') as name, status, roles from users order by id`;
  for (const account of accounts) account.name = folded(account.name);
}

/** In the order of no id: what an index names first is no page. */
async function putIn(first: number, last: number): Promise<void> {
  await sql`
    insert into users (id, email, email_key, name, status, roles)
    select 'usr_' || lpad(n::text, 26, '0'), a, a, case when n % ${EVERY_KIND}::int = 0
        then (${NAMES.map((name) => name ?? '')}::text[])[1 + n / ${EVERY_KIND}::int % ${NAMES.length}::int]
        else 'Ada ' || md5(n::text) end,
      case when n % 9000 = 0 then 'disabled' when n % 7001 = 0 then 'deleted' else 'active' end,
      case when n % 8000 = 0 then '{admin}'::text[] when n > ${ACCOUNTS - LATE}::int then '{support}' else '{}' end
    from generate_series(${first}::int, ${last}::int) n
    cross join lateral (select 'u' || n || '@' ||
      case when n > ${ACCOUNTS - LATE}::int then 'late.test' else 'example.test' end as a) addresses
    order by md5(n::text)`;
}

/** As the search is described, by another implementation of folding. */
function folded(text: string): string {
  return text.normalize('NFKC').toUpperCase().toLowerCase().replaceAll('ς', 'σ');
}

function wanted({ query, role, status }: Partial<Filters>): string[] {
  const part = query === undefined ? undefined : folded(query);
  const address = query?.normalize('NFKC').toLowerCase();
  return accounts
    .filter((account) =>
      status === undefined ? account.status !== 'deleted' : account.status === status,
    )
    .filter((account) => role === undefined || account.roles.includes(role))
    .filter(
      (account) =>
        part === undefined ||
        account.name.includes(part) ||
        account.address.includes(address ?? ''),
    )
    .map(({ id }) => id);
}

/** The plan of each statement on accounts that the search made, as it is planned in `mode`. */
async function plansOf(input: Partial<Filters>, mode: string): Promise<string[]> {
  await list(input);
  const made = statements;
  return await sql.begin(async (tx) => {
    await tx`select set_config('plan_cache_mode', ${mode}, true)`;
    const plans: string[] = [];
    for (const [number, { text, parameters }] of made.entries()) {
      if (text.includes('set_config')) await tx.unsafe(text);
      if (!text.includes('from "users"')) continue;
      await tx.unsafe(`prepare asked_${number} as ${text}`);
      const given = parameters.length === 0 ? '' : `(${parameters.map(literal).join(', ')})`;
      const rows = await tx.unsafe(`explain execute asked_${number}${given}`);
      await tx.unsafe(`deallocate asked_${number}`);
      plans.push(rows.map((row) => String(row['QUERY PLAN'])).join('\n'));
    }
    return plans;
  });
}

/** In quotes: a type is that of the parameter. */
function literal(value: unknown): string {
  const text = Array.isArray(value) ? `{${value.join(',')}}` : String(value);
  return `'${text.replaceAll("'", "''")}'`;
}

const SEARCH = 'Bitmap Index Scan on users_search';
const ROLES = 'Bitmap Index Scan on users_roles';
const WALK = 'Index Scan using users_pkey';

it('takes its indexes with statistics of another time, and counts anew', async () => {
  const cursor = accounts[BEFORE]?.id as never;
  for (const sought of [{ query: 'late' }, { role: 'support' }] as const) {
    const plans = await plansOf({ ...sought, cursor }, 'auto');
    const index = 'query' in sought ? SEARCH : ROLES;
    expect(plans.slice(0, 4)).toEqual(
      [WALK, index, WALK, index].map((name) => expect.stringContaining(name)),
    );
    for (const plan of plans) expect(plan).not.toContain('Seq Scan on users');
  }
  await sql`analyze users`;
});

it('finds by every part of a name, in every script', async () => {
  const parts = new Set<string>();
  for (const name of NAMES) {
    const characters = Array.from(name ?? '');
    for (let length = 1; length <= 4; length += 1) {
      for (let at = 0; at + length <= characters.length; at += 1) {
        parts.add(
          characters
            .slice(at, at + length)
            .join('')
            .trim(),
        );
      }
    }
    parts.add(name ?? '');
  }
  parts.delete('');
  for (const query of parts) {
    const all = wanted({ query });
    const { ids, next } = await list({ query });
    expect([query, ids]).toEqual([query, all.slice(0, 20)]);
    expect(next).toBe(all.length > 20 ? ids.at(-1) : null);
  }
}, 60_000);

it.each<Partial<Filters>>([
  { query: 'LATE.test' },
  { query: 'late.test', role: 'admin' },
  { query: 'e', status: 'disabled' },
  { query: 'нет такого' },
  { query: "' | 'ada':* & \\" },
  { query: 'a%a' },
  { role: 'admin' },
  { role: 'support' },
  { status: 'disabled' },
  { status: 'disabled', role: 'admin' },
  { query: 'Иван' },
])('pages through what has %o, without a gap or a repetition', async (filters) => {
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await list({
      ...filters,
      limit: 100,
      ...(cursor !== null && { cursor: cursor as never }),
    });
    seen.push(...page.ids);
    cursor = page.next;
  } while (cursor !== null);
  expect(seen).toEqual(wanted(filters));
});

it.each(['force_custom_plan', 'force_generic_plan'])('takes its indexes, with %s', async (mode) => {
  const none = await plansOf({ query: 'нет такого' }, mode);
  expect(none).toEqual([
    expect.stringContaining(WALK),
    expect.stringContaining(SEARCH),
    expect.any(String),
  ]);
  const rare = await plansOf({ query: 'щу' }, mode);
  expect(rare.slice(0, 2)).toEqual([
    expect.stringContaining(WALK),
    expect.stringContaining(SEARCH),
  ]);
  const common = await plansOf({ query: 'ada' }, mode);
  expect(common).toEqual([expect.stringContaining(WALK), expect.any(String)]);
  const late = await plansOf({ query: 'late' }, mode);
  expect(late.slice(0, 4)).toEqual(
    [WALK, SEARCH, WALK, SEARCH].map((plan) => expect.stringContaining(plan)),
  );
  const role = await plansOf({ role: 'admin' }, mode);
  expect(role[1]).toContain(ROLES);
  const many = await plansOf({ role: 'support' }, mode);
  expect(many.slice(0, 4)).toEqual(
    [WALK, ROLES, WALK, ROLES].map((plan) => expect.stringContaining(plan)),
  );
  const disabled = await plansOf({ status: 'disabled' }, mode);
  expect(disabled).toEqual([expect.stringContaining('users_disabled')]);
  const all = await plansOf({}, mode);
  for (const plan of [none, rare, common, late, role, many, disabled, all].flat())
    expect(plan).not.toContain('Seq Scan on users');
});

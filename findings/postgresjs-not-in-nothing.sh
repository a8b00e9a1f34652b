#!/usr/bin/env bash
# Software: postgres 3.4.9 (postgres.js), PostgreSQL 18 as @electric-sql/pglite 0.5.14; beside it drizzle-orm 0.45.4.
# Guess:    `not in ${sql(list)}` with an empty list finds every row; `in` with one finds none; or both are refused.
# Seen:     neither finds a row. The helper writes an empty list as `(null)`, which is right for `in` alone: `not in
#           (null)` is null for every row. With one id in the list the rest is found. drizzle writes `true` for the
#           same condition, and `<> all(array)` finds every row in postgres.js, too.
# So:       a filter "all but these" finds nothing once there is nothing to leave out. Write it with `<> all` and
#           `sql.array(list, type)`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund \
  @electric-sql/pglite@0.5.14 @electric-sql/pglite-socket@0.2.17 postgres@3.4.9 drizzle-orm@0.45.4 >/dev/null || exit 2
cat > try.mjs <<'JS'
import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { drizzle } from 'drizzle-orm/pglite';
import { notInArray } from 'drizzle-orm';
import { integer, pgTable } from 'drizzle-orm/pg-core';
import { isDeepStrictEqual } from 'node:util';
import postgres from 'postgres';

const INT4 = 23;
const db = await PGlite.create();
await db.exec('create table t (id int); insert into t values (1), (2), (3)');
const server = new PGLiteSocketServer({ db, host: '127.0.0.1', port: 0 });
await server.start();
const sql = postgres({ host: '127.0.0.1', port: server.port, user: 'postgres', database: 'postgres', max: 1 });
const seen = {
  'in []': (await sql`select from t where id in ${sql([])}`).count,
  'not in []': (await sql`select from t where id not in ${sql([])}`).count,
  'not in [1]': (await sql`select from t where id not in ${sql([1])}`).count,
  '<> all []': (await sql`select from t where id <> all(${sql.array([], INT4)})`).count,
};
await sql.end();
await server.stop();
const t = pgTable('t', { id: integer() });
seen['drizzle, notInArray []'] = (await drizzle(db).select().from(t).where(notInArray(t.id, []))).length;
console.log('rows of three:', seen);
await db.close();
const asSeen = isDeepStrictEqual(seen, {
  'in []': 0,
  'not in []': 0,
  'not in [1]': 2,
  '<> all []': 3,
  'drizzle, notInArray []': 3,
});
console.log(asSeen ? 'as seen before' : 'CHANGED');
process.exit(asSeen ? 0 : 1);
JS
node try.mjs

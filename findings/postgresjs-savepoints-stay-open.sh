#!/usr/bin/env bash
# Software: postgres 3.4.9 (postgres.js), drizzle-orm 0.45.4, PostgreSQL 18 as @electric-sql/pglite 0.5.14.
# Guess:    a savepoint that ended well is released, and so costs nothing more: a hundred in a row hold no more than
#           one does.
# Seen:     postgres.js never releases one. Each next savepoint lies within the last, and each that wrote keeps the lock
#           on its own transaction id: 101 locks after 100, where `release savepoint` by hand leaves one. It is the
#           same below `tx.transaction` of drizzle on postgres.js; drizzle on another driver sends the release itself.
# So:       a long loop with a nested transaction for each row eats up the lock table, which all sessions share
#           (`max_locks_per_transaction`). Send `release savepoint` oneself, or commit in batches.
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
import { sql as query } from 'drizzle-orm';
import { drizzle as onPglite } from 'drizzle-orm/pglite';
import { drizzle as onPostgresJs } from 'drizzle-orm/postgres-js';
import { isDeepStrictEqual } from 'node:util';
import postgres from 'postgres';

const TIMES = 100;
const LOCKS = "select count(*)::int as n from pg_locks where locktype = 'transactionid'";
const db = await PGlite.create();
await db.exec('create table t (n int)');
const server = new PGLiteSocketServer({ db, host: '127.0.0.1', port: 0 });
await server.start();
const sql = postgres({ host: '127.0.0.1', port: server.port, user: 'postgres', database: 'postgres', max: 1 });

const seen = {};
seen['postgres.js, savepoint'] = await sql.begin(async (tx) => {
  for (let n = 0; n < TIMES; n += 1) await tx.savepoint((inner) => inner`insert into t values (${n})`);
  return (await tx.unsafe(LOCKS))[0].n;
});
seen['postgres.js, released by hand'] = await sql.begin(async (tx) => {
  for (let n = 0; n < TIMES; n += 1) {
    await tx`savepoint one`;
    await tx`insert into t values (${n})`;
    await tx`release savepoint one`;
  }
  return (await tx.unsafe(LOCKS))[0].n;
});
const nested = async (tx) => {
  for (let n = 0; n < TIMES; n += 1) {
    await tx.transaction((inner) => inner.execute(query`insert into t values (${n})`));
  }
  const result = await tx.execute(query.raw(LOCKS));
  return (result.rows ?? result)[0].n;
};
seen['drizzle on postgres.js'] = await onPostgresJs(sql).transaction(nested);
await sql.end();
await server.stop();
seen['drizzle on pglite'] = await onPglite(db).transaction(nested);
console.log('locks on transaction ids:', seen);
await db.close();
const asSeen = isDeepStrictEqual(seen, {
  'postgres.js, savepoint': TIMES + 1,
  'postgres.js, released by hand': 1,
  'drizzle on postgres.js': TIMES + 1,
  'drizzle on pglite': 1,
});
console.log(asSeen ? 'as seen before' : 'CHANGED');
process.exit(asSeen ? 0 : 1);
JS
node try.mjs

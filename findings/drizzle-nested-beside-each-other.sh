#!/usr/bin/env bash
# Software: drizzle-orm 0.45.4 on postgres 3.4.9 (postgres.js) and on @electric-sql/pglite 0.5.14 (PostgreSQL 18).
# Guess:    of two nested transactions that run beside each other, in a Promise.allSettled, one that fails takes back
#           what it did itself; what the other did stays.
# Seen:     the other resolves, the outer transaction commits, and the row is gone. Run one after the other it
#           stays. Both are savepoints of one connection, and savepoints nest in the order in which they were made:
#           on postgres.js the first writes below the savepoint of the second. On pglite (and in the source for
#           other drivers) both even have the same name, so that the end of the first releases the savepoint of the
#           second, and the second, when it fails, rolls back to before both.
# So:       await nested transactions one by one; Promise.all is for reads, or for transactions of their own.
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
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import postgres from 'postgres';

const db = await PGlite.create();
await db.exec('create table t (word text)');
const server = new PGLiteSocketServer({ db, host: '127.0.0.1', port: 0 });
await server.start();
const client = postgres({ host: '127.0.0.1', port: server.port, user: 'postgres', database: 'postgres', max: 1 });

async function run(drizzle, beside) {
  await drizzle.execute(query`truncate t`);
  const ends = await drizzle.transaction(async (tx) => {
    const good = () => tx.transaction(async (inner) => {
      await sleep(100);
      await inner.execute(query`insert into t values ('good')`);
      await sleep(100);
    });
    const bad = () => tx.transaction(async (inner) => {
      await inner.execute(query`insert into t values ('bad')`);
      await sleep(400);
      throw new Error('not this one');
    });
    if (beside) return await Promise.allSettled([good(), bad()]);
    return [...(await Promise.allSettled([good()])), ...(await Promise.allSettled([bad()]))];
  });
  const result = await drizzle.execute(query`select word from t`);
  const words = (result.rows ?? result).map((row) => row.word);
  return `${ends.map((end) => end.status).join(', ')}; then there: ${words.join() || 'nothing'}`;
}
const seen = {};
for (const [name, drizzle] of [['postgres.js', onPostgresJs(client)], ['pglite', onPglite(db)]]) {
  if (name === 'pglite') await client.end();
  seen[name] = { 'one by one': await run(drizzle, false), beside: await run(drizzle, true) };
}
console.log(seen);
await server.stop();
await db.close();
const each = {
  'one by one': 'fulfilled, rejected; then there: good',
  beside: 'fulfilled, rejected; then there: nothing',
};
const asSeen = isDeepStrictEqual(seen, { 'postgres.js': each, pglite: each });
console.log(asSeen ? 'as seen before' : 'CHANGED');
process.exit(asSeen ? 0 : 1);
JS
node try.mjs

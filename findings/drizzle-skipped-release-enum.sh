#!/usr/bin/env bash
# Software: drizzle-orm 0.45.4 (its migrator), PostgreSQL 18 as @electric-sql/pglite 0.5.17.
# Guess:    migrations that pass on a new database, and pass one by one, pass in any steps.
# Seen:     0000 makes an enum, 0001 adds a value to it, 0002 uses the value as a default. All three at
#           once on a new database: applied. One release at a time: applied. From 0000 to 0002 at once, as
#           who skips a release does: 55P04 "unsafe use of new value". The migrator applies all that is
#           missing in one transaction; PostgreSQL lets a new enum value be used in the transaction that
#           added it only where that transaction also made the enum.
# So:       neither a test on a new database nor one that follows each release finds it. Test the step
#           over two releases, or apply each migration in a transaction of its own.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @electric-sql/pglite@0.5.17 drizzle-orm@0.45.4 >/dev/null || exit 2
cat > try.mjs <<'JS'
import { PGlite } from '@electric-sql/pglite';
import { drizzle } from 'drizzle-orm/pglite';
import { migrate } from 'drizzle-orm/pglite/migrator';
import { mkdirSync, writeFileSync } from 'node:fs';

const MIGRATIONS = [
  "create type mood as enum ('calm')",
  "alter type mood add value 'glad'",
  "create table days (mood mood not null default 'glad')",
];
/** The folder as a release with that many migrations ships it. */
function release(count) {
  const folder = `release-${count}`;
  mkdirSync(`${folder}/meta`, { recursive: true });
  const entries = MIGRATIONS.slice(0, count).map((sql, idx) => {
    writeFileSync(`${folder}/000${idx}.sql`, sql);
    return { idx, version: '7', when: 1_700_000_000_000 + idx, tag: `000${idx}`, breakpoints: true };
  });
  const journal = { version: '7', dialect: 'postgresql', entries };
  writeFileSync(`${folder}/meta/_journal.json`, JSON.stringify(journal));
  return folder;
}
const [first, second, third] = [1, 2, 3].map(release);
async function upgrade(...releases) {
  const client = new PGlite();
  try {
    for (const migrationsFolder of releases) await migrate(drizzle(client), { migrationsFolder });
    return 'applied';
  } catch (error) {
    return (error.cause ?? error).code;
  } finally {
    await client.close();
  }
}
const seen = {
  'new database': await upgrade(third),
  'one by one': await upgrade(first, second, third),
  'a release skipped': await upgrade(first, third),
};
console.log(seen);
const asSeen = Object.values(seen).join() === 'applied,applied,55P04';
console.log(asSeen ? 'as seen before' : 'CHANGED');
process.exit(asSeen ? 0 : 1);
JS
node try.mjs

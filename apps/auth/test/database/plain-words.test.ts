/** 0010_plain_words: rows of 0.1.0 have the words of 0.2.0 afterwards, and nothing else of them has changed. */
import { migrateDatabase, requireSchema } from '@portcullis/service/postgres';
import { createTestBed, type TestBed } from '@portcullis/testbed';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MIGRATIONS } from '../../src/database/migrations.ts';

const BEFORE = 10;
let bed: TestBed<'empty'>;
let sql: Sql;
let folder: string;

async function migrateWith(path: string): Promise<void> {
  const options = { folder: path, applicationName: 'test-migrate', turn: 1n };
  await migrateDatabase(bed.databaseUrls.empty, options);
}

beforeAll(async () => {
  const empty = { name: 'empty', sources: [], migrate: async () => undefined };
  bed = await createTestBed({ databases: { empty } });
  sql = postgres(bed.databaseUrls.empty, { max: 1, onnotice: () => undefined });
  folder = await mkdtemp(join(tmpdir(), 'portcullis-migrations-'));
  await cp(MIGRATIONS, folder, { recursive: true });
  const journal = join(folder, 'meta', '_journal.json');
  const all = JSON.parse(await readFile(journal, 'utf8')) as { entries: object[] };
  await writeFile(journal, JSON.stringify({ ...all, entries: all.entries.slice(0, BEFORE) }));
  await migrateWith(folder);
}, 60_000);

afterAll(async () => {
  await rm(folder, { recursive: true });
  await sql.end();
  await bed.dispose();
});

it('renames kinds and outcomes of mails, a kind of revocation, and the table of used proofs', async () => {
  const settled = ['doubtful', 'needless', 'held-back', 'unsent', 'refused', 'sent', 'failed'];
  for (const [n, outcome] of settled.entries()) {
    await sql`insert into mails (id, kind, request_id, settled_at, outcome)
      values (${`eml_${n}`}, 'verify-email', 'req', now(), ${outcome})`;
  }
  for (const kind of ['verify-again', 'email-change-asked', 'reset-password']) {
    await sql`insert into mails (id, kind, address, request_id)
      values (${`eml_${kind}`}, ${kind}, 'a@example.test', 'req')`;
  }
  for (const kind of ['changed', 'subject']) {
    await sql`insert into revocation_log
        (id, kind, key, generation, reason, expires_at, actor_kind, actor_id, request_id)
      values (${`evt_${kind}`}, ${kind}, 'usr_1', 1, 'administrator', now(), 'system', 'x', 'req')`;
  }
  await sql`insert into spent_proofs (hash, expires_at) values (${Buffer.from('a')}, now())`;

  await migrateWith(MIGRATIONS);

  const outcomes = await sql`select outcome from mails where outcome is not null order by id`;
  expect(outcomes.map(({ outcome }) => outcome)).toEqual([
    'unconfirmed',
    'obsolete',
    'throttled',
    'disabled',
    'rejected',
    'sent',
    'failed',
  ]);
  const waiting = await sql`select kind, address from mails where outcome is null order by kind`;
  expect(waiting.map(({ kind, address }) => [kind, address])).toEqual([
    ['email-change-requested', 'a@example.test'],
    ['resend-verification', 'a@example.test'],
    ['reset-password', 'a@example.test'],
  ]);
  const revoked = await sql`select kind, generation from revocation_log order by kind`;
  expect(revoked.map(({ kind, generation }) => [kind, generation])).toEqual([
    ['claims_changed', 1],
    ['subject', 1],
  ]);
  expect(await sql`select 1 from used_proofs`).toHaveLength(1);
  // A service of 0.1.0 that was forgotten must not go on in the old words.
  await expect(requireSchema({ sql, folder, command: 'npm run auth -- migrate' })).rejects.toThrow(
    '0010_plain_words',
  );
  await sql`insert into audit_origins (commitment, address, salt) values ('c', 'a', 's')`;
  await expect(sql`update audit_origins set address = 'b'`).rejects.toThrow(
    'a row of audit_origins is never changed',
  );
});

it('applies to a backup of 0.1.0 that was put over a database of 0.2.0', async () => {
  // As `pg_restore --clean` does: it drops what the dump names, and the table of the new name stays.
  await sql`
    create table spent_proofs (hash bytea primary key not null, expires_at timestamptz not null)`;
  await sql`create index spent_proofs_expiry on spent_proofs (expires_at)`;
  await sql`insert into spent_proofs (hash, expires_at) values (${Buffer.from('b')}, now())`;
  await sql`delete from drizzle.__drizzle_migrations where id > ${BEFORE}`;
  await migrateWith(MIGRATIONS);
  expect((await sql`select hash from used_proofs`).map(({ hash }) => String(hash))).toEqual(['b']);
});

/**
 * The generation of what one client holds for one user counts on from the issuer's. While it is given out and not
 * committed, the issuer's stays as it is: a token of before would have a greater one otherwise.
 */
import { clientSubjectOf, FIRST_PARTY_CLIENT as CLIENT, newId } from '@portcullis/contracts';
import { appDatabase, createTestBed, type TestBed } from '@portcullis/testbed';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { changeOffline } from '../../src/commands/change-offline.ts';
import { revokeClientAccess } from '../../src/session/revoke-client-access.ts';

const USER = newId('usr');

let bed: TestBed<'auth'>;
let sql: Sql;

beforeAll(async () => {
  bed = await createTestBed({ databases: { auth: appDatabase('auth') } });
  sql = postgres(bed.databaseUrls.auth, { max: 3 });
  bed.use({ [Symbol.asyncDispose]: async () => await sql.end() });
  await sql`insert into users (id) values (${USER})`;
}, 120_000);

afterAll(async () => {
  await bed.dispose();
});

/** @param meanwhile once everything is written, before it commits */
async function revoke(meanwhile: () => Promise<unknown>): Promise<void> {
  await changeOffline(bed.databaseUrls.auth, async (_, withChange) => {
    const cause = {
      actor: { kind: 'system', id: 'test' },
      requestId: 'test',
      address: null,
    } as const;
    await withChange(cause, async (change) => {
      await revokeClientAccess(change, USER, CLIENT, 'administrator');
      await change.audit({ action: 'account.logged_out', target: { kind: 'user', id: USER } });
      await meanwhile();
    });
  });
}

async function given(): Promise<unknown> {
  const [row] = await sql`
    select max(generation)::float8 as generation from revocation_log
    where kind = 'client_subject' and key = ${clientSubjectOf(CLIENT, USER)}`;
  return row?.['generation'];
}

async function issued(): Promise<{ issuer: number; pair: number }> {
  const [row] = await sql`
    select i.generation::float8 as issuer, coalesce(max(c.generation), 0)::float8 as pair
    from issuer i left join client_subjects c on true group by i.generation`;
  return { issuer: Number(row?.['issuer']), pair: Number(row?.['pair']) };
}

const raiseIssuer = (tx: Sql | postgres.TransactionSql) =>
  tx`update issuer set generation = generation + 1`;

it('the issuer is not cut between its reading and its commit', async () => {
  await revoke(async () => {
    const cut = sql.begin(async (tx) => {
      await tx`set local lock_timeout = 200`;
      await raiseIssuer(tx);
    });
    await expect(cut).rejects.toMatchObject({ code: '55P03' });
  });
  const { issuer, pair } = await issued();
  expect(await given()).toBe(issuer + pair);
  await expect(raiseIssuer(sql)).resolves.toBeDefined();
});

it('a cut of the issuer that is under way is waited for, and counted', async () => {
  const before = await issued();
  let revoked: Promise<void> | undefined;
  await sql.begin(async (tx) => {
    await raiseIssuer(tx);
    revoked = revoke(async () => undefined);
    await expect
      .poll(async () => {
        await sleep(5);
        return await sql`
          select 1 from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'`;
      })
      .toHaveLength(1);
  });
  await revoked;
  expect(await given()).toBe(before.issuer + 1 + before.pair + 1);
});

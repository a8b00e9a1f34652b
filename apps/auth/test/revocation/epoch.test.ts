/** Another epoch, after a restored backup: every verifier starts over, and knows all that is left. */
import { appDatabase, createTestBed, type TestBed } from '@portcullis/testbed';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { changeOffline } from '../../src/commands/change-offline.ts';
import { changeEpoch } from '../../src/revocation/change-epoch.ts';
import { startInstance, startVerifier } from './instance.ts';

let bed: TestBed<'auth'>;
let sql: Sql;

beforeAll(async () => {
  bed = await createTestBed({ databases: { auth: appDatabase('auth') } });
  sql = postgres(bed.databaseUrls.auth, { max: 2, onnotice: () => undefined });
  bed.use({ [Symbol.asyncDispose]: async () => await sql.end() });
}, 120_000);
afterAll(async () => await bed.dispose());

it('a new epoch reaches running verifiers, which start over, keep what they know, and go on', async () => {
  const instance = await startInstance(bed);
  const verifier = await startVerifier(bed, 'orders');
  const { result: lost } = await instance.revokeSession();
  const { result: kept } = await instance.revokeSession();
  const heard = () => verifier.applied.map(({ key }) => key);
  await expect.poll(heard).toEqual(expect.arrayContaining([lost, kept]));

  // The backup is older than the first of them, and its positions are given out again.
  await expect
    .poll(async () => (await sql`select position::int from log_head`)[0]?.['position'])
    .toBe(2);
  await sql`delete from revocation_log where key = ${lost}`;
  await sql`update revocation_log set position = 1`;
  await sql`update log_head set position = 1`;
  const changed = await changeOffline(bed.databaseUrls.auth, (_, withChange) =>
    changeEpoch(withChange),
  );
  expect(changed.to).not.toBe(changed.from);
  const places = async () => await sql`select epoch, position::int from verifiers`;
  await expect.poll(places).toEqual([{ epoch: changed.to, position: 1 }]);

  const { result: next } = await instance.revokeSession();
  await expect.poll(heard).toContain(next);
  await expect.poll(places).toEqual([{ epoch: changed.to, position: 2 }]);
  expect(verifier.replica.state).toBe('LIVE');
  const audited = await sql`select detail from audit_log where action = 'log.epoch-changed'`;
  expect(audited).toMatchObject([{ detail: { from: changed.from, to: changed.to, position: 1 } }]);
});

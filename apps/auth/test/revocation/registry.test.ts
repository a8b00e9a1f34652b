/** Who may be fresh, in a real Postgres: what an instance has to see to tell silence from a return. */
import { newId, type GrantRequest } from '@portcullis/contracts';
import { appDatabase, createTestBed, type TestBed } from '@portcullis/testbed';
import type { Sql } from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectProtocol } from '../../src/database/protocol-connection.ts';
import { postgresVerifierRegistry } from '../../src/revocation/postgres-verifier-registry.ts';
import { RenewalWatch, type VerifierRegistry } from '../../src/revocation/registry.ts';

const S = 3_000;
let bed: TestBed<'auth'>;
let registry: VerifierRegistry;
let sql: Sql;

beforeAll(async () => {
  bed = await createTestBed({ databases: { auth: appDatabase('auth') } });
  ({ sql } = bed.use(connectProtocol(bed.databaseUrls.auth, 'test')));
  registry = postgresVerifierRegistry(sql);
}, 120_000);

afterAll(async () => {
  await bed.dispose();
});

function request(changes: Partial<GrantRequest> = {}): GrantRequest {
  return {
    version: 1,
    service: 'user',
    incarnation: newId('inc'),
    nonce: crypto.randomUUID(),
    policy: 'reject',
    epoch: null,
    position: 0,
    applied: [],
    ...changes,
  };
}

it('shows another number after every grant, also once a verifier was discounted and is back', async () => {
  const [one, other] = [request(), request()];
  const seen = new Set<number>();
  for (let round = 0; round < 6; round += 1) {
    await registry.register([one, other], S);
    const { verifiers } = await registry.list();
    const mine = verifiers.find(({ incarnation }) => incarnation === one.incarnation);
    if (mine === undefined) throw new Error('it is not registered');
    expect(seen).not.toContain(mine.renewals);
    seen.add(mine.renewals);
    if (round % 2 === 1) await registry.discount(one.incarnation, mine.renewals);
  }
});

it('a verifier is not discounted by an instance that missed its discount and its return', async () => {
  let now = 0;
  const watch = new RenewalWatch(() => now);
  const verifier = request();
  await registry.register([verifier], S);
  const { verifiers } = await registry.list();
  const seen = verifiers.find(({ incarnation }) => incarnation === verifier.incarnation);
  watch.observe(verifiers);
  // This instance is paused. Another one discounts the verifier, which asks again afterwards.
  await registry.discount(verifier.incarnation, seen?.renewals ?? 0);
  await registry.register([verifier], S);
  now = 10 * S;
  watch.observe((await registry.list()).verifiers);
  expect(watch.hasExpired(verifier.incarnation)).toBe(false);
});

it('is discounted only as it was seen', async () => {
  const verifier = request();
  const find = async () =>
    (await registry.list()).verifiers.find((each) => each.incarnation === verifier.incarnation);
  await registry.register([verifier], S);
  const before = (await find())?.renewals ?? 0;
  await registry.register([verifier], S);
  await registry.discount(verifier.incarnation, before);
  expect(await find()).toBeDefined();
  await registry.discount(verifier.incarnation, (await find())?.renewals ?? 0);
  expect(await find()).toBeUndefined();
});

it('shows which kinds it reads once it has said so, by questions that do not say it too', async () => {
  const verifier = request();
  const kindsOf = async () =>
    (await registry.list()).verifiers.find(
      ({ incarnation }) => incarnation === verifier.incarnation,
    )?.kinds;
  const ask = async (changes: Partial<GrantRequest> = {}) =>
    (await registry.register([{ ...verifier, ...changes }], S)).get(verifier.incarnation)
      ?.kindsUnknown;
  expect([await ask(), await kindsOf()]).toEqual([true, null]);
  const kinds = ['session', 'of_a_release_to_come'];
  expect([await ask({ kinds }), await kindsOf()]).toEqual([false, kinds]);
  expect([await ask(), await kindsOf()]).toEqual([false, kinds]);
  await registry.remove(verifier.incarnation, 'user');
  expect([await ask(), await kindsOf()]).toEqual([true, null]);
});

describe('a position', () => {
  it('beyond the head, in the same epoch, is found and not written down', async () => {
    const { epoch, head } = await registry.list();
    const there = request({ epoch, position: head });
    const beyond = request({ epoch, position: head + 1 });
    const ofAnother = request({ epoch: newId('epo'), position: head + 1 });
    const taken = await registry.register([there, beyond, ofAnother], S);
    expect(taken.get(there.incarnation)).toEqual({
      head,
      isBeyond: false,
      kindsUnknown: true,
      access: null,
    });
    expect(taken.get(beyond.incarnation)).toEqual({
      head,
      isBeyond: true,
      kindsUnknown: true,
      access: null,
    });
    expect(taken.get(ofAnother.incarnation)).toEqual({
      head,
      isBeyond: false,
      kindsUnknown: true,
      access: null,
    });
    const { verifiers } = await registry.list();
    const places = new Map(verifiers.map((row) => [row.incarnation, [row.epoch, row.position]]));
    expect(places.get(there.incarnation)).toEqual([epoch, head]);
    // It may be fresh by a grant of before, so it is waited for; by its position it confirms nothing.
    expect(places.get(beyond.incarnation)).toEqual([null, 0]);
  });

  it('is the one that was asked from last, also when that is lower', async () => {
    const { epoch } = await registry.list();
    await sql`update log_head set position = 9`;
    const verifier = request({ epoch, position: 9 });
    await registry.register([verifier], S);
    await registry.register([{ ...verifier, position: 4 }], S);
    const { verifiers } = await registry.list();
    expect(verifiers.find((row) => row.incarnation === verifier.incarnation)?.position).toBe(4);
    await sql`update log_head set position = 0`;
  });
});

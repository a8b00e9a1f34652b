/** Who may be fresh, in a real Postgres: what an instance has to see to tell silence from a return. */
import { newId, type GrantRequest } from '@portcullis/contracts';
import { appDatabase, createTestBed, type TestBed } from '@portcullis/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectProtocol } from '../../src/postgres/protocol-connection.ts';
import { postgresVerifierRegistry } from '../../src/postgres/verifier-registry.ts';
import { RenewalWatch, type VerifierRegistry } from '../../src/revocation/registry.ts';

const S = 3_000;
let bed: TestBed<'auth'>;
let registry: VerifierRegistry;

beforeAll(async () => {
  bed = await createTestBed({ databases: { auth: appDatabase('auth') } });
  registry = postgresVerifierRegistry(bed.use(connectProtocol(bed.databaseUrls.auth, 'test')).sql);
}, 120_000);

afterAll(async () => {
  await bed.dispose();
});

function request(): GrantRequest {
  return {
    version: 1,
    service: 'user',
    incarnation: newId('inc'),
    nonce: crypto.randomUUID(),
    policy: 'reject',
    epoch: null,
    position: 0,
    applied: [],
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

it('is not discounted by whoever looked away while it was discounted and came back', async () => {
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

/** NATS is speed, for this service too: without it, it starts, logs in and logs out. */
import { systemClock } from '@portcullis/verify';
import { Ledger, Replica } from '@portcullis/verify/revocation';
import { natsFeed } from '@portcullis/verify/feeds/nats';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startAuthSystem, type AuthInstance, type AuthSystem } from './auth-system.ts';
import { connectNats } from './revocation/instance.ts';

let system: AuthSystem;
let auth: AuthInstance;

beforeAll(async () => {
  system = await startAuthSystem({ instances: 0 });
  system.bed.proxies.nats.cut();
  auth = await system.start();
}, 120_000);

afterAll(async () => {
  await system.bed.dispose();
});

it('auth serves from its start without NATS, and catches up when it connects', async () => {
  expect((await auth.call('GET', '/readyz')).status).toBe(200);
  const user = await auth.newcomer();
  const token = user.access_token;
  const { status, body } = await auth.call('POST', '/v1/logout?wait=0', { token });
  expect(status).toBe(200);
  expect(body).toMatchObject({ published: false, confirmed: 0, expected: 0 });
  expect(await auth.accepts(token)).toBe(false);

  system.bed.proxies.nats.mend();
  const unpublished = async (): Promise<number> => {
    const [row] = await system.sql`
      select (select count(*) from revocation_log where published_at is null)
        + (select count(*) from account_events where published_at is null) as left`;
    return Number(row?.['left']);
  };
  await expect.poll(unpublished, { timeout: 15_000, interval: 100 }).toBe(0);

  const ledger = new Ledger();
  const replica = new Replica({
    service: 'late',
    policy: 'reject',
    feed: natsFeed({ connection: await connectNats(system.bed), prefix: system.bed.prefix }),
    ledger,
    clock: systemClock,
  });
  system.bed.use({ [Symbol.asyncDispose]: async () => await replica.close() });
  await replica.start();
  await expect.poll(() => replica.state, { timeout: 5_000 }).toBe('LIVE');
  expect(ledger.size).toBe(1);

  const again = await auth.newcomer();
  const receipt = await auth.call('POST', '/v1/logout?wait=2000', { token: again.access_token });
  expect(receipt.body).toMatchObject({ published: true, confirmed: 1, expected: 1 });
}, 60_000);

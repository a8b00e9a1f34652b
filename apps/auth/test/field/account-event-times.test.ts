/** Faults from the field: the time that an event about an account bears. */
import { subjectsOf } from '@portcullis/bus';
import type { AccountEvent } from '@portcullis/contracts';
import { accountEvent } from '@portcullis/contracts/schemas';
import { connectBus, createLogger } from '@portcullis/service';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { ADMIN, startAuthSystem, type AuthSystem } from '../auth-system.ts';

const AHEAD = 600_000;

let system: AuthSystem;
let heard: AccountEvent[];

beforeAll(async () => {
  system = await startAuthSystem();
  const { natsUrl, prefix } = system.bed;
  const logger = createLogger({ service: 'test', level: 'silent' });
  const bus = system.bed.use(await connectBus({ url: natsUrl, name: 'test', prefix, logger }));
  heard = [];
  bus.connection.subscribe(subjectsOf(prefix).accounts, {
    callback: (error, message) => {
      if (error === null) heard.push(accountEvent.parse(message.json()));
    },
  });
  await bus.connection.flush();
}, 120_000);
afterEach(() => vi.restoreAllMocks());
afterAll(() => system.bed.dispose());

const databaseNow = async (): Promise<number> => {
  const [row] = await system.sql`select extract(epoch from clock_timestamp()) * 1000 as now`;
  return Number(row?.['now']);
};

/** As on an instance whose clock is ahead. */
async function ahead<T>(work: () => Promise<T>): Promise<T> {
  const real = Date.now;
  const spy = vi.spyOn(Date, 'now').mockImplementation(() => real() + AHEAD);
  try {
    return await work();
  } finally {
    spy.mockRestore();
  }
}

it('V14: an account event bears the time of the database, not of the instance', async () => {
  const { auth } = system;
  const user = await auth.newcomer();
  const user_id = await system.idOf(user.email);
  const actor = await system.idOf(ADMIN.email);
  const token = await auth.machineToken();
  await ahead(() => auth.machine('accounts.disable', { user_id, actor, wait: 0 }, token));
  await auth.machine('accounts.enable', { user_id, actor }, token);
  const mine = () => heard.filter((event) => event.user_id === user_id);
  await expect.poll(() => mine().map(({ type }) => type)).toContain('enabled');
  await expect.poll(() => mine().map(({ type }) => type)).toContain('disabled');
  const at = (type: string) => mine().find((event) => event.type === type)!.occurred_at;
  const now = await databaseNow();
  expect(at('disabled')).toBeLessThanOrEqual(now);
  expect(at('enabled')).toBeGreaterThan(at('disabled'));
});

it('V14: the export of one’s own data bears the time of the database', async () => {
  const { auth } = system;
  const { access_token: token } = await auth.newcomer();
  const real = Date;
  class Ahead extends real {
    constructor(...given: [] | [number | string | Date]) {
      super(...((given.length === 0 ? [real.now() + AHEAD] : given) as [number]));
    }
  }
  vi.stubGlobal('Date', Ahead);
  const { status, body } = await auth
    .call('GET', '/v1/account/export', { token })
    .finally(() => vi.unstubAllGlobals());
  expect(status).toBe(200);
  expect(new Date(body.exported_at).getTime()).toBeLessThanOrEqual(await databaseNow());
});

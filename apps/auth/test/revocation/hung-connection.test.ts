/** What is done while a connection to a real PostgreSQL hangs: a proxy that lets nothing through carries that one. */
import { setTimeout as sleep } from 'node:timers/promises';
import { appDatabase, createTestBed, startTcpProxy, type TestBed } from '@portcullis/testbed';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectProtocol } from '../../src/database/protocol-connection.ts';
import { postgresRevocationLog } from '../../src/revocation/postgres-revocation-log.ts';
import { postgresVerifierRegistry } from '../../src/revocation/postgres-verifier-registry.ts';
import { startInstance, startVerifier, type Instance } from './instance.ts';

let bed: TestBed<'auth'>;
let auth: Instance;
let release: () => void;
/** Whether what begins now hangs: a reading of the registry, a registration, or the numbering of the log. */
let hanging: boolean;
let numbersHung: number;
let registrationsHung: number;

beforeEach(async () => {
  hanging = false;
  numbersHung = 0;
  registrationsHung = 0;
  bed = await createTestBed({ databases: { auth: appDatabase('auth') } });
  const proxy = bed.use(await startTcpProxy(bed.databaseUrls.auth));
  const url = proxy.through(bed.databaseUrls.auth);
  const { sql } = bed.use(connectProtocol(url, 'test', 1));
  await sql`select 1`;
  proxy.pause();
  release = () => proxy.resume();
  const hung = { registry: postgresVerifierRegistry(sql), log: postgresRevocationLog(sql) };
  auth = await startInstance(bed, {
    aroundRegistry: (registry) => ({
      ...registry,
      list: async () => await (hanging ? hung.registry : registry).list(),
      register: async (requests, staleness) => {
        registrationsHung += hanging ? 1 : 0;
        return await (hanging ? hung.registry : registry).register(requests, staleness);
      },
    }),
    aroundLog: (log) => ({
      ...log,
      number: async () => {
        numbersHung += hanging ? 1 : 0;
        return await (hanging ? hung.log : log).number();
      },
    }),
  });
}, 120_000);

afterEach(async () => {
  release();
  await bed.dispose();
});

describe('a receipt whose reading of the registry hangs', () => {
  it('is refused in time, and holds up no other', async () => {
    await startVerifier(bed, 'user');
    const [one, other] = [await auth.revokeSession(), await auth.revokeSession()];
    const began = performance.now();
    hanging = true;
    const refused = auth.revocations.receipts.collect(one.revocations, 300);
    hanging = false;
    const settled = expect(refused).rejects.toMatchObject({ code: 'unavailable' });
    const receipt = await auth.revocations.receipts.collect(other.revocations, 2_000);
    expect(receipt).toMatchObject({ confirmed: 1, expected: 1 });
    expect(performance.now() - began).toBeLessThan(2_500);
    await settled;
    expect(performance.now() - began).toBeLessThan(7_000);
  }, 20_000);

  it('says what is known when it has been read once, and comes when it was asked for', async () => {
    await startVerifier(bed, 'user');
    const lost = await startVerifier(bed, 'admin');
    await lost.connection.close(); // gone without a word
    const { revocations } = await auth.revokeSession();
    const began = performance.now();
    const asked = auth.revocations.receipts.collect(revocations, 1_000);
    await sleep(100);
    hanging = true;
    const receipt = await asked;
    expect(performance.now() - began).toBeLessThan(2_500);
    expect(receipt).toMatchObject({ confirmed: 1, expected: 2, pending: [{ service: 'admin' }] });
  }, 20_000);
});

describe('a log whose numbering hangs', () => {
  it('is numbered and marked by the same instance a while later', async () => {
    const hangs = await auth.revokeSession();
    hanging = true;
    await expect.poll(() => numbersHung, { timeout: 5_000 }).toBeGreaterThan(0);
    await sleep(100);
    hanging = false;
    const { revocations } = await auth.revokeSession();
    const ids = [...hangs.revocations, ...revocations].map(({ id }) => id);
    const sql = bed.use(connectProtocol(bed.databaseUrls.auth, 'test', 1)).sql;
    const open = async (): Promise<number> => {
      const rows = await sql`
        select 1 from revocation_log
        where id in ${sql(ids)} and (position is null or published_at is null)`;
      return rows.length;
    };
    await expect.poll(open, { timeout: 12_000 }).toBe(0);
  }, 30_000);
});

describe('a registration that hangs', () => {
  it('leaves verifiers fresh, who are answered over other connections', async () => {
    const { replica } = await startVerifier(bed, 'user');
    hanging = true;
    await expect.poll(() => registrationsHung, { timeout: 5_000 }).toBeGreaterThan(0);
    hanging = false;
    // Without an answer it is stale after 3 s.
    for (const until = performance.now() + 5_000; performance.now() < until; await sleep(20)) {
      expect(replica.state).toBe('LIVE');
    }
  }, 20_000);
});

/** What is done while a connection to a real PostgreSQL hangs: a proxy that lets nothing through carries that one. */
import { setTimeout as sleep } from 'node:timers/promises';
import { appDatabase, createTestBed, startTcpProxy, type TestBed } from '@portcullis/testbed';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectProtocol } from '../../src/database/protocol-connection.ts';
import { postgresVerifierRegistry } from '../../src/revocation/postgres-verifier-registry.ts';
import { startInstance, startVerifier, type Instance } from './instance.ts';

let bed: TestBed<'auth'>;
let auth: Instance;
let release: () => void;
/** Whether the readings of the registry that begin now hang. */
let hanging: boolean;

beforeEach(async () => {
  hanging = false;
  bed = await createTestBed({ databases: { auth: appDatabase('auth') } });
  const proxy = bed.use(await startTcpProxy(bed.databaseUrls.auth));
  const url = proxy.through(bed.databaseUrls.auth);
  const { sql } = bed.use(connectProtocol(url, 'test', 1));
  await sql`select 1`;
  proxy.pause();
  release = () => proxy.resume();
  const hung = { registry: postgresVerifierRegistry(sql) };
  auth = await startInstance(bed, {
    aroundRegistry: (registry) => ({
      ...registry,
      list: async () => await (hanging ? hung.registry : registry).list(),
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

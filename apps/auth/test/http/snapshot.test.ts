/** Snapshots of a log with very many rows, and a verifier that starts with one. */
import type { ClientId } from '@portcullis/contracts';
import { createVerifier, withFallback } from '@portcullis/verify';
import { Ledger, mergeSnapshot } from '@portcullis/verify/revocation';
import { httpGrants } from '@portcullis/verify/feeds/http';
import { natsFeed } from '@portcullis/verify/feeds/nats';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ensureClient } from '../../src/client/ensure-client.ts';
import { changeOffline } from '../../src/commands/change-offline.ts';
import {
  basic,
  MACHINE,
  startAuthSystem,
  type AuthInstance,
  type AuthSystem,
} from '../auth-system.ts';
import { connectNats } from '../revocation/instance.ts';

const ROWS = Number(process.env['PORTCULLIS_TEST_SNAPSHOT_ROWS'] ?? 200_000);
const EXPIRED = 1_000;
const SECRET = 'a secret that is long enough for a machine';
let system: AuthSystem;
let auth: AuthInstance;
const options = () => ({ authUrl: auth.url, clientId: 'cli_shop', clientSecret: SECRET });

beforeAll(async () => {
  system = await startAuthSystem({ instances: 0 });
  await changeOffline(system.bed.databaseUrls.auth, async (_, withChange) => {
    await ensureClient(withChange, {
      id: 'cli_shop' as ClientId,
      name: 'shop',
      scopes: ['revocations:read'],
      audiences: ['urn:portcullis:auth'],
      secret: SECRET,
    });
  });
  // Ids made in the database, quickly: hexadecimal digits are Crockford's too.
  await system.sql`
    insert into revocation_log
      (id, position, kind, key, reason, expires_at, actor_kind, actor_id, request_id, published_at)
    select 'evt_0' || substr(md5('e' || n) , 1, 25), n, 'session', 'ses_0' || substr(md5('s' || n), 1, 25),
      'logout', clock_timestamp() + case when n <= ${EXPIRED} then interval '-1 second'
        else interval '1 hour' end, 'system', 'test', 'req_test', clock_timestamp()
    from generate_series(1, ${ROWS + EXPIRED}) n`;
  await system.sql`update log_head set position = ${ROWS + EXPIRED}`;
  await system.sql`analyze revocation_log`;
  auth = await system.start();
  // It reads the log first, which takes its time; until then there is none to be had.
  await vi.waitUntil(async () => (await fetchSnapshot()).ok, { timeout: 120_000, interval: 500 });
}, 300_000);

afterAll(async () => {
  await system.bed.dispose();
});

async function fetchSnapshot(headers = basic('cli_shop', SECRET)): Promise<Response> {
  return await fetch(`${auth.url}/v1/revocations/snapshot`, { headers });
}

it('holds every row that has not expired, and where that is', async () => {
  const response = await fetchSnapshot();
  expect(response.status).toBe(200);
  expect(response.headers.get('cache-control')).toBe('no-store');
  const ledger = new Ledger();
  const { epoch, position } = mergeSnapshot(ledger, new Uint8Array(await response.arrayBuffer()));
  const [head] = await system.sql`select epoch from log_head`;
  expect([epoch, position]).toEqual([head?.['epoch'], ROWS + EXPIRED]);
  expect(ledger.size).toBe(ROWS);
}, 60_000);

it.each([
  ['no client', {}, 401, 'invalid_client'],
  ['a client without the scope', basic(MACHINE.id, MACHINE.secret), 403, 'insufficient_scope'],
])('is refused to %s', async (_, headers, status, code) => {
  const response = await fetchSnapshot(headers);
  expect([response.status, await response.json()]).toMatchObject([status, { code }]);
});

it('starts a verifier in one piece, and what comes after by a grant', async () => {
  await fetchSnapshot().then(async (response) => await response.arrayBuffer());
  const user = await auth.newcomer();
  await auth.call('POST', '/v1/logout?wait=0', { token: user.access_token });
  const connection = await connectNats(system.bed);
  const grants = httpGrants(options());
  const began = performance.now();
  const laps: string[] = [];
  let snapshots = 0;
  const feed = withFallback(natsFeed({ connection, prefix: system.bed.prefix }), {
    ...grants,
    snapshot: async (timeoutMs) => {
      snapshots += 1;
      laps.push(`asked after ${Math.round(performance.now() - began)} ms`);
      const bytes = await grants.snapshot?.(timeoutMs);
      laps.push(`had after ${Math.round(performance.now() - began)} ms`);
      return bytes ?? Promise.reject(new Error('none'));
    },
  });
  await using verifier = await createVerifier({
    issuer: auth.url,
    audience: 'urn:portcullis:user',
    service: 'shop',
    feed,
  });
  await verifier.ready();
  const took = performance.now() - began;
  if (process.env['PORTCULLIS_TEST_SNAPSHOT_ROWS'] !== undefined) {
    process.stdout.write(
      `cold start with ${ROWS} revocations: ${took.toFixed(0)} ms (snapshot ${laps.join(', ')})\n`,
    );
  }
  expect(snapshots).toBe(1);
  // The first grant, which shows how far behind it is, brings some that have expired.
  expect(verifier.stats().entries).toBeGreaterThan(ROWS);
  expect(verifier.stats().entries).toBeLessThanOrEqual(ROWS + EXPIRED + 1);
  const refused = verifier.verify(user.access_token);
  await expect(refused).rejects.toMatchObject({ code: 'invalid_token' });
  const other = await auth.newcomer();
  expect((await verifier.verify(other.access_token)).sid).toBe(other.session_id);
}, 60_000);

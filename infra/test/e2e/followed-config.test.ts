/** A configuration of roles that auth follows as a file: what counts, at which instance, and which is ready. */
import {
  appDatabase,
  createTestBed,
  startAuth,
  type AuthProcess,
  type TestBed,
} from '@portcullis/testbed';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, expect, it } from 'vitest';

/** More than the half second between two readings. */
const READ_MS = 1_500;
const LATER = { timeout: 10_000 };

let bed: TestBed<'auth'>;
let sql: Sql;
let folder: string;
let shared: string;
let alone: string;
/** Two that read one file, and one that has a file of its own. */
let instances: AuthProcess[];

const mapping = (number: number, ...clerk: string[]) => ({
  number,
  permissions: ['orders:read', 'orders:refund'],
  roles: { clerk },
  scopes: number === 1 ? [] : ['orders:export'],
});

beforeAll(async () => {
  bed = await createTestBed({ databases: { auth: appDatabase('auth') } });
  sql = postgres(bed.databaseUrls.auth, { max: 1, onnotice: () => undefined });
  folder = await mkdtemp(join(tmpdir(), 'portcullis-followed-'));
  [shared, alone] = [join(folder, 'shared.json'), join(folder, 'alone.json')];
  await put(shared, mapping(1, 'orders:read'));
  await put(alone, mapping(1, 'orders:read'));
  const first = await startAuth(bed, { PORTCULLIS_CONFIG_FILE: shared });
  const others = [shared, alone].map((file) =>
    startAuth(bed, { PORTCULLIS_CONFIG_FILE: file, PORTCULLIS_ISSUER: first.issuer }),
  );
  instances = [first, ...(await Promise.all(others))];
}, 90_000);

afterAll(async () => {
  await sql?.end();
  await bed?.dispose();
  await rm(folder, { recursive: true, force: true });
});

async function put(file: string, config: object | string): Promise<void> {
  await writeFile(`${file}.draft`, typeof config === 'string' ? config : JSON.stringify(config));
  await rename(`${file}.draft`, file);
}

const readiness = async (): Promise<number[]> =>
  await Promise.all(instances.map(async ({ url }) => (await fetch(`${url}/readyz`)).status));

async function counting(): Promise<unknown> {
  const [row] = await sql`select config from access_mapping`;
  return row?.['config'];
}

async function metric(pattern: RegExp, { url }: AuthProcess): Promise<string | undefined> {
  return pattern.exec(await (await fetch(`${url}/metrics`)).text())?.[1];
}
async function scopes({ url }: AuthProcess): Promise<unknown> {
  const answer = await fetch(`${url}/.well-known/oauth-authorization-server`);
  return (await answer.json()).scopes_supported;
}
const UNUSABLE =
  /^portcullis_auth_file_unusable\{[^}]*setting="PORTCULLIS_CONFIG_FILE"[^}]*\} (\d)$/m;
const DIGEST = /^portcullis_auth_config_info\{[^}]*sha256="(\w+)"[^}]*\} 1$/m;

function instance(place: number): AuthProcess {
  const found = instances[place];
  if (found === undefined) throw new Error(`there is no instance ${place}`);
  return found;
}

it('a higher number counts without a restart; an instance with a lower one is not ready until it has it too', async () => {
  expect(await readiness()).toEqual([200, 200, 200]);
  const second = mapping(2, 'orders:read', 'orders:refund');
  let flickered = false;
  let asking = true;
  // Those of one file are ready at every moment, whichever of them was the first to read it.
  const asked = (async () => {
    while (asking) flickered ||= (await readiness()).slice(0, 2).some((status) => status !== 200);
  })();
  await put(shared, second);
  await expect.poll(counting, LATER).toEqual(second);
  await expect.poll(readiness, LATER).toEqual([200, 200, 503]);
  await sleep(READ_MS);
  asking = false;
  await asked;
  expect(flickered).toBe(false);
  expect(await readiness()).toEqual([200, 200, 503]);
  const digest = createHash('sha256')
    .update(await readFile(shared))
    .digest('hex');
  for (const place of [0, 1]) {
    expect(await metric(DIGEST, instance(place))).toBe(digest);
    expect(await scopes(instance(place))).toContain('orders:export');
  }
  const installed = await sql`
    select target_id from audit_log
    where action = 'access.changed' and detail->>'outcome' = 'installed' order by sequence`;
  expect(installed.map((row) => row['target_id'])).toEqual(['1', '2']);

  await put(alone, second);
  await expect.poll(readiness, LATER).toEqual([200, 200, 200]);
}, 60_000);

it('a file that cannot be used changes nothing: one line has every fault, and a metric says so', async () => {
  const before = await counting();
  const auth = instance(0);
  const digest = await metric(DIGEST, auth);
  const bad = { ...mapping(3, 'orders:reed'), roles: { admin: ['users:read'], clerk: ['x'] } };
  const cases: readonly (readonly [object | string | undefined, ...string[]])[] = [
    ['{"number":3', 'is not JSON'],
    [bad, 'roles.admin: is a role of Portcullis', 'roles.clerk[0]: is no permission'],
    [mapping(2, 'orders:refund'), 'number: is 2, which another mapping has in the database'],
    [`${JSON.stringify(mapping(3, 'orders:read'))}${' '.repeat(65_536)}`, 'is too large'],
    [undefined, 'ENOENT'],
  ];
  for (const [config, ...problems] of cases) {
    const from = auth.log.length;
    if (config === undefined) await rm(shared);
    else await put(shared, config);
    await sleep(READ_MS);
    expect(await counting()).toEqual(before);
    expect(await metric(DIGEST, auth)).toBe(digest);
    expect(await metric(UNUSABLE, auth)).toBe('1');
    expect(await readiness()).toEqual([200, 200, 200]);
    const lines = auth.log.slice(from).split('\n');
    const said = lines.filter((line) => line.includes('PORTCULLIS_CONFIG_FILE cannot be used'));
    expect(said, JSON.stringify(config)).toHaveLength(1);
    for (const problem of problems) expect(said[0]).toContain(problem);
  }
  const third = mapping(3, 'orders:refund');
  await Promise.all([shared, alone].map((file) => put(file, third)));
  await expect.poll(counting, LATER).toEqual(third);
  await expect.poll(() => metric(UNUSABLE, auth), LATER).toBe('0');
  await expect.poll(readiness, LATER).toEqual([200, 200, 200]);
}, 60_000);

it('a file that goes back to a lower number changes nothing, and takes no instance out of readiness', async () => {
  const before = await counting();
  const auth = instance(2);
  const from = auth.log.length;
  await put(alone, mapping(2, 'orders:read', 'orders:refund'));
  await expect.poll(() => metric(UNUSABLE, auth), LATER).toBe('1');
  expect(auth.log.slice(from)).toContain(
    'number: is 2, and that of a later mapping counts: raise it',
  );
  expect(await readiness()).toEqual([200, 200, 200]);
  expect(await counting()).toEqual(before);
  await put(alone, JSON.stringify(before));
  await expect.poll(() => metric(UNUSABLE, auth), LATER).toBe('0');
}, 60_000);

it('two files with another mapping each under one number: one of them counts, and no one else is ready', async () => {
  await put(shared, mapping(4, 'orders:read'));
  await put(alone, mapping(4, 'orders:refund'));
  await expect.poll(readiness, LATER).toContain(503);
  await sleep(READ_MS);
  const { roles } = (await counting()) as ReturnType<typeof mapping>;
  const isShared = roles.clerk[0] === 'orders:read';
  expect(await readiness()).toEqual(isShared ? [200, 200, 503] : [503, 503, 200]);
  const late = isShared ? instance(2) : instance(0);
  expect(await metric(UNUSABLE, late)).toBe('1');
}, 60_000);

/** Each kind of the table of revocations, as auth makes it: in its log, its own check, introspection and snapshots. */
import {
  REVOCATION_KIND_NAMES,
  REVOCATION_KINDS,
  type ClientId,
  type Permission,
  type RevocationKind,
} from '@portcullis/contracts';
import { Ledger, mergeSnapshot } from '@portcullis/verify/revocation';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureClient } from '../../src/client/ensure-client.ts';
import { changeOffline } from '../../src/commands/change-offline.ts';
import { breakGlass } from '../../src/revocation/break-glass.ts';
import {
  ADMIN,
  basic,
  partOf,
  startAuthSystem,
  type AuthInstance,
  type AuthSystem,
} from '../auth-system.ts';

const SECRET = 'a secret that is long enough for a machine';
const SHOP = basic('cli_shop', SECRET);
let system: AuthSystem;
let auth: AuthInstance;
let actor: string;

beforeAll(async () => {
  system = await startAuthSystem();
  ({ auth } = system);
  await auth.register(ADMIN.email, ADMIN.password);
  await system.giveRoles(ADMIN.email, ['admin']);
  actor = await system.idOf(ADMIN.email);
  await machine('cli_shop', ['revocations:read', 'tokens:introspect']);
}, 120_000);
afterAll(async () => await system.bed.dispose());

async function machine(id: string, scopes: Permission[]): Promise<void> {
  const of = { name: id, audiences: ['urn:portcullis:auth'], secret: SECRET };
  await changeOffline(system.bed.databaseUrls.auth, async (_, withChange) => {
    await ensureClient(withChange, { ...of, id: id as ClientId, scopes });
  });
}

interface Prepared {
  token: string;
  key: string;
  revoke(): Promise<unknown>;
}

async function ofUser(
  keyOf: (token: string, userId: string) => string,
  revoke: (token: string, userId: string) => Promise<unknown>,
): Promise<Prepared> {
  const { access_token: token } = await auth.newcomer();
  const id = partOf(token, 1)['sub'];
  return { token, key: keyOf(token, id), revoke: async () => await revoke(token, id) };
}

/** How each comes about. A kind of the table that is missing here does not compile. */
const PREPARED: Readonly<Record<RevocationKind, () => Promise<Prepared>>> = {
  session: () =>
    ofUser(
      (token) => partOf(token, 1)['sid'],
      (token) => auth.call('POST', '/v1/logout?wait=0', { token }),
    ),
  token: () =>
    ofUser(
      (token) => partOf(token, 1)['jti'],
      (token) =>
        auth.call('POST', '/oauth2/revoke?wait=0', {
          form: { token, client_id: 'cli_first-party' },
        }),
    ),
  subject: () =>
    ofUser(
      (_token, id) => id,
      (token) => auth.call('POST', '/v1/logout-all?wait=0', { token }),
    ),
  claims_changed: () =>
    ofUser(
      (_token, id) => id,
      (_token, id) =>
        auth.machine('accounts.setRoles', { actor, user_id: id, roles: ['support'], wait: 0 }),
    ),
  client: async () => {
    const key = 'cli_to-be-cut';
    await machine(key, ['users:read']);
    const answer = await auth.call('POST', '/oauth2/token', {
      form: { grant_type: 'client_credentials' },
      headers: basic(key, SECRET),
    });
    const revoke = () => auth.machine('clients.disable', { actor, client_id: key, wait: 0 });
    return { token: answer.body.access_token, key, revoke };
  },
  client_subject: () =>
    ofUser(
      (_token, id) => `cli_first-party/${id}`,
      (_token, id) =>
        auth.machine('accounts.logout', {
          actor,
          user_id: id,
          client_id: 'cli_first-party',
          wait: 0,
        }),
    ),
  key: () =>
    ofUser(
      (token) => partOf(token, 0)['kid'],
      (token) => auth.machine('keys.kill', { actor, kid: partOf(token, 0)['kid'], wait: 0 }),
    ),
  issuer: () =>
    ofUser(
      () => 'issuer',
      () =>
        changeOffline(system.bed.databaseUrls.auth, async (database, withChange) =>
          breakGlass(database, withChange, sleep),
        ),
    ),
};

/** Whether auth's own check takes it, allowed or not. */
async function takes(token: string): Promise<boolean> {
  const { status } = await auth.call('GET', '/trpc/accounts.list?input=%7B%7D', { token });
  expect([200, 401, 403]).toContain(status);
  return status !== 401;
}

const introspected = async (token: string) =>
  (await auth.call('POST', '/oauth2/introspect', { form: { token }, headers: SHOP })).body;

/** What a verifier that starts now knows. */
async function coldStart(): Promise<Ledger> {
  const response = await fetch(`${auth.url}/v1/revocations/snapshot`, { headers: SHOP });
  const ledger = new Ledger();
  if (response.ok) mergeSnapshot(ledger, new Uint8Array(await response.arrayBuffer()));
  return ledger;
}

describe.each(REVOCATION_KIND_NAMES)('a revocation of the kind %s', (kind) => {
  it('is logged, refused by auth and by introspection, and known after a cold start', async () => {
    const { token, key, revoke } = await PREPARED[kind]();
    const [claims, { kid }] = [partOf(token, 1), partOf(token, 0)];
    expect([await takes(token), (await introspected(token)).active]).toEqual([true, true]);
    expect((await coldStart()).judge(claims as never, kid)).toBe('holds');

    await revoke();
    expect(await takes(token)).toBe(false);
    expect(await introspected(token)).toEqual({ active: false });

    const rows = await system.sql`
      select generation, expires_at from revocation_log where kind = ${kind} and key = ${key}`;
    expect(rows.length).toBeGreaterThan(0);
    const { generation, kept, verdict } = REVOCATION_KINDS[kind];
    for (const row of rows) {
      expect(row['generation'] === null).toBe(generation === null);
      expect(row['expires_at'] === null).toBe(kept === 'for ever');
    }
    const expected = verdict === 'token_stale' ? 'claims_changed' : 'revoked';
    await expect
      .poll(async () => (await coldStart()).judge(claims as never, kid), { timeout: 20_000 })
      .toBe(expected);
  });
});

/** What happened after a backup: told by the event streams, repeated, or said to be lost. */
import { randomBytes } from 'node:crypto';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { subjectsOf } from '@portcullis/bus';
import { clientSubjectOf, FIRST_PARTY_CLIENT, type ClientId } from '@portcullis/contracts';
import { userId } from '@portcullis/contracts/schemas';
import { natsOptions, nodeWords, TestProcess } from '@portcullis/testbed';
import { Ledger } from '@portcullis/verify/revocation';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { revokeAccess } from '../../src/session/revoke-access.ts';
import { verifyAudit } from '../../src/audit/verify-audit.ts';
import { ensureClient } from '../../src/client/ensure-client.ts';
import { changeOffline } from '../../src/commands/change-offline.ts';
import {
  ADMIN,
  basic,
  partOf,
  PASSWORD,
  startAuthSystem,
  type AuthInstance,
  type AuthSystem,
} from '../auth-system.ts';
import { DatabaseCopy } from './database-copy.ts';

const OTHER_PASSWORD = 'a windmill beyond the last canal';
const OTHER_ADDRESS = 'elsewhere@example.test';
const KEK = randomBytes(32).toString('base64url');
const SECRET = randomBytes(32).toString('base64url');
/** S, in milliseconds. */
const S = 500;

let system: AuthSystem;
let auth: AuthInstance;
let backup: DatabaseCopy;
const ids = { disabled: '', deleted: '', roles: '', moved: '', password: '', late: '' };
/** A key that the backup does not know. */
let laterKey: string;
/** Of what one client holds for a user: a revocation that the backup does not know either, and verifiers do. */
let lostGeneration: number;
const CLIENTS = { disabled: 'cli_old-billing', rotated: 'cli_billing' };
const emailOf = (name: string): string => `${name}@example.test`;

/** The same as an operator runs it. */
async function afterRestore(
  ...words: string[]
): Promise<{ status: number | string; said: string }> {
  await using command = new TestProcess({
    name: 'after-restore',
    command: process.execPath,
    args: [...nodeWords('apps/auth/src/commands/after-restore.ts'), ...words],
    env: {
      NODE_ENV: 'test',
      DATABASE_URL: system.bed.databaseUrls.auth,
      NATS_URL: system.bed.natsUrl,
      PORTCULLIS_PREFIX: system.bed.prefix,
      PORTCULLIS_KEY_ENCRYPTION_KEY: KEK,
      PORTCULLIS_MAX_STALENESS_MS: String(S),
    },
  });
  const status = await command.exited;
  return { status, said: command.log };
}

async function makeClient(id: string): Promise<void> {
  await changeOffline(system.bed.databaseUrls.auth, (_, withChange) =>
    ensureClient(withChange, {
      id: id as ClientId,
      name: id,
      scopes: ['users:read'],
      audiences: ['urn:portcullis:auth'],
      secret: SECRET,
    }),
  );
}

async function move(id: string, email: string): Promise<void> {
  const cause = { actor: { kind: 'user', id }, requestId: 'req_move', address: null } as const;
  await changeOffline(system.bed.databaseUrls.auth, (_, withChange) =>
    withChange(cause, async (change) => {
      const user = userId.parse(id);
      await revokeAccess(change, user, 'sessions', 'credential_change', { email, emailKey: email });
      await change.publish({ type: 'email-changed', user_id: user, email });
      await change.audit({ action: 'account.email-changed', target: { kind: 'user', id } });
    }),
  );
}

/** Everything that has happened has come to the streams. */
async function published(): Promise<void> {
  const waiting = async () =>
    await system.sql`
      select 1 from account_events where published_at is null
      union all select 1 from revocation_log where published_at is null`;
  await vi.waitUntil(async () => (await waiting()).length === 0, { timeout: 10_000 });
}

/** What an administrator and users do between the backup and its restore. */
async function happens(): Promise<void> {
  const actor = await system.idOf(ADMIN.email);
  const token = await auth.machineToken();
  const as = async (procedure: string, input: object) =>
    expect((await auth.machine(procedure, { actor, ...input }, token)).status).toBe(200);
  await as('accounts.disable', { user_id: ids.disabled });
  await as('accounts.remove', { user_id: ids.deleted });
  await as('accounts.setRoles', { user_id: ids.roles, roles: ['support'] });
  await as('accounts.logout', { user_id: ids.roles, client_id: 'cli_first-party' });
  const [lost] = await system.sql`
    select generation from revocation_log where kind = 'client_subject'`;
  lostGeneration = lost?.['generation'];
  laterKey = (await auth.machine('keys.rotate', { actor }, token)).body.kid;
  await as('keys.kill', { kid: laterKey, wait: 0 });
  await as('clients.disable', { client_id: CLIENTS.disabled });
  await as('clients.rotate', { client_id: CLIENTS.rotated, overlap_seconds: 0 });
  const { access_token: own } = await auth.logIn(emailOf('password'));
  const changed = await auth.call('POST', '/v1/password/change', {
    token: own,
    body: { current_password: PASSWORD, new_password: OTHER_PASSWORD },
  });
  expect(changed.status).toBe(200);
  await move(ids.moved, OTHER_ADDRESS);
  await auth.register(emailOf('late'));
  ids.late = await system.idOf(emailOf('late'));
  await published();
}

beforeAll(async () => {
  system = await startAuthSystem({ overrides: { PORTCULLIS_KEY_ENCRYPTION_KEY: KEK } });
  ({ auth } = system);
  backup = new DatabaseCopy(system.bed.databaseUrls.auth);
  system.bed.use({ [Symbol.asyncDispose]: async () => await backup.drop() });
  for (const name of Object.keys(ids).filter((one) => one !== 'late')) {
    await auth.register(emailOf(name));
    ids[name as keyof typeof ids] = await system.idOf(emailOf(name));
  }
  for (const id of Object.values(CLIENTS)) await makeClient(id);
  await auth[Symbol.asyncDispose]();
  await backup.take();
  auth = await system.start();
  await happens();
}, 120_000);

afterAll(async () => await system.bed.dispose());

const generations = async () =>
  (
    await system.sql`select generation from users where id = ${ids.moved}
    union all select generation from issuer`
  ).map(({ generation }) => generation);

it('refuses to change a database that an instance of auth is connected to', async () => {
  const { status, said } = await afterRestore();
  expect(status).toBe(1);
  expect(said).toContain('auth runs: portcullis-auth');
  expect(said).toContain('Stop every instance of auth');
});

it('tells what it would do and what happened after the backup, and changes nothing', async () => {
  await auth[Symbol.asyncDispose]();
  await backup.restore();
  const before = await generations();
  const { status, said } = await afterRestore('--dry-run', '--apply');
  expect(said).toContain('nothing was changed');
  expect(status).toBe(0);
  expect(said).toMatch(new RegExp(`disabled +${ids.disabled} .*can be repeated`));
  expect(said).toMatch(new RegExp(`deleted +${ids.deleted} .*can be repeated`));
  expect(said).toMatch(new RegExp(`roles-changed to support +${ids.roles} .*can be repeated`));
  expect(said).toMatch(new RegExp(`address-changed +${ids.moved} .*can be repeated`));
  expect(said).toMatch(new RegExp(`password-changed +${ids.password} .*can be repeated`));
  expect(said).toMatch(new RegExp(`client-disabled +${CLIENTS.disabled} .*can be repeated`));
  expect(said).toMatch(new RegExp(`client-proof-ended +${CLIENTS.rotated} .*can be repeated`));
  expect(said).toMatch(new RegExp(`registered +${ids.late} .*this account is lost`));
  expect(said).not.toContain('NATS has lost');
  expect(said).not.toContain(OTHER_ADDRESS);
  expect(said).not.toMatch(new RegExp(`password-changed +${ids.moved}`));
  expect(await generations()).toEqual(before);
  expect(await system.sql`select 1 from audit_log where action = 'log.restored'`).toEqual([]);
}, 120_000);

/** How often the log says that it was killed. */
const killsOf = async (kid: string): Promise<number> =>
  (await system.sql`select 1 from revocation_log where kind = 'key' and key = ${kid}`).length;

it('raises everything once more at a second run, which repeats what the first only told', async () => {
  const [user = 0, issuer = 0] = await generations();
  expect((await afterRestore()).said).toMatch(/Repeat 7 of them: run this again with --apply/);
  expect(await generations()).toEqual([user + 1_000_000, issuer + 1_000_000]);
  expect(await killsOf(laterKey), 'a key made and killed after the backup is dead again').toBe(1);
  const { said } = await afterRestore('--apply');
  expect(said).toMatch(new RegExp(`disabled +${ids.disabled} .*: repeated`));
  expect(await generations()).toEqual([user + 2_000_001, issuer + 2_000_000]);
  const [row] = await system.sql`
    select (select status from users where id = ${ids.disabled}) as disabled,
      (select status from users where id = ${ids.deleted}) as deleted,
      (select email from users where id = ${ids.deleted}) as email,
      (select roles from users where id = ${ids.roles}) as roles,
      (select email from users where id = ${ids.moved}) as moved,
      (select password_hash from users where id = ${ids.password}) as password,
      (select disabled_at is not null from clients where id = ${CLIENTS.disabled}) as client,
      (select secret_hash from clients where id = ${CLIENTS.rotated}) as secret`;
  expect(row).toEqual({
    disabled: 'disabled',
    deleted: 'deleted',
    email: null,
    roles: ['support'],
    moved: OTHER_ADDRESS,
    password: null,
    client: true,
    secret: null,
  });
  expect(await killsOf(laterKey)).toBe(1);
  const { said: third } = await afterRestore('--apply');
  expect(third).not.toContain(': repeated');
  expect(third).toMatch(new RegExp(`disabled +${ids.disabled} .*nothing to repeat`));
}, 120_000);

it('keeps out what was ended, lets in who was not, and repeats nothing that was undone since', async () => {
  auth = await system.start();
  for (const [name, password] of [
    ['disabled', PASSWORD],
    ['deleted', PASSWORD],
    ['password', PASSWORD],
    ['password', OTHER_PASSWORD],
    ['moved', PASSWORD],
  ] as const) {
    await expect(auth.logIn(emailOf(name), password)).rejects.toThrow('invalid_credentials');
  }
  const { access_token: token } = await auth.logIn(OTHER_ADDRESS);
  expect(await auth.accepts(token)).toBe(true);
  // The backup knows nothing of what was ended of a client's; verifiers do.
  expect(await system.sql`select 1 from client_subjects`).toEqual([]);
  const { access_token: held } = await auth.logIn(emailOf('roles'));
  expect(partOf(held, 1)['csgen']).toBeGreaterThanOrEqual(1_000_000);
  expect(await auth.accepts(held)).toBe(true);
  const ledger = new Ledger();
  ledger.apply({
    kind: 'client_subject',
    key: clientSubjectOf(FIRST_PARTY_CLIENT, userId.parse(ids.roles)),
    generation: lostGeneration,
    expires_at: Date.now() + 3_600_000,
  });
  const { kid } = partOf(held, 0);
  expect(ledger.judge(partOf(held, 1) as never, kid)).toBe('holds');
  expect(ledger.judge({ ...partOf(held, 1), csgen: lostGeneration - 1 } as never, kid)).toBe(
    'revoked',
  );
  const asClient = async () =>
    (
      await auth.call('POST', '/oauth2/token', {
        form: { grant_type: 'client_credentials' },
        headers: basic(CLIENTS.rotated, SECRET),
      })
    ).status;
  expect(await asClient()).toBe(401);
  await makeClient(CLIENTS.rotated);
  expect(await asClient()).toBe(200);

  // The trail was cut by the restore, and says so.
  const verdict = async () =>
    await verifyAudit({
      databaseUrl: system.bed.databaseUrls.auth,
      natsUrl: system.bed.natsUrl,
      prefix: system.bed.prefix,
    });
  await expect.poll(async () => (await verdict()).problems, { timeout: 10_000 }).toEqual([]);
  expect((await verdict()).restores[0]).toMatch(/has lost rows \d+ to \d+ of before/);

  await auth[Symbol.asyncDispose]();
  const { said } = await afterRestore('--apply');
  expect(said).not.toContain(': repeated');
  auth = await system.start();
  expect(await asClient()).toBe(200);
}, 120_000);

it('exceeds what was given out when the same backup is restored a second time', async () => {
  await published();
  await auth[Symbol.asyncDispose]();
  const [, issuer = 0] = await generations();
  await backup.restore();
  const { said } = await afterRestore();
  const [, now = 0] = await generations();
  expect(said).toContain('done; auth may start');
  expect(now).toBeGreaterThan(issuer);
}, 120_000);

it('says what NATS has lost, and what an operator has to check', async () => {
  const connection = await connect(natsOptions(system.bed.natsUrl));
  const { accountStream, revocationStream } = subjectsOf(system.bed.prefix);
  const { streams } = await jetstreamManager(connection);
  await streams.delete(accountStream);
  await streams.purge(revocationStream);
  await connection.close();
  const { status, said } = await afterRestore('--apply');
  expect(said).toContain(`NATS has lost all of ${accountStream}.`);
  expect(said).toContain(`NATS has lost all of ${revocationStream}.`);
  expect(said).toContain('accounts that were disabled, deleted, or given other roles');
  expect(status).toBe(0);

  system.bed.proxies.nats.cut();
  const away = await afterRestore('--apply');
  expect(away.status).toBe(1);
  expect(away.said).toContain('NATS does not answer');
  expect((await afterRestore()).said).toContain('NATS could not be asked');
  system.bed.proxies.nats.mend();
}, 120_000);

/** What operators do by command: the first administrator, others, and machine clients. */
import { randomBytes } from 'node:crypto';
import { nodeWords, run } from '@portcullis/testbed';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createAdministrator,
  UnusableAdministrator,
} from '../../src/account/create-administrator.ts';
import { DEFAULT_ARGON2 } from '../../src/password/argon2-parameters.ts';
import { createPasswordHasher, type PasswordHasher } from '../../src/password/password-hasher.ts';
import { ensureClient } from '../../src/client/ensure-client.ts';
import { changeOffline } from '../../src/commands/change-offline.ts';
import { readEnsureClientConfig } from '../../src/config/commands.ts';
import {
  ADMIN,
  basic,
  startAuthSystem,
  type AuthInstance,
  type AuthSystem,
} from '../auth-system.ts';

let system: AuthSystem;
let auth: AuthInstance;
let hasher: PasswordHasher;

beforeAll(async () => {
  system = await startAuthSystem();
  auth = system.auth;
  hasher = createPasswordHasher(DEFAULT_ARGON2);
}, 120_000);

afterAll(async () => {
  await hasher[Symbol.asyncDispose]();
  await system.bed.dispose();
});

const create = (email: string, password: string, onlyFirst = false) =>
  changeOffline(system.bed.databaseUrls.auth, (database, withChange) =>
    createAdministrator({ database, withChange, hasher }, { email, password }, { onlyFirst }),
  );

describe('an administrator made by the operator', () => {
  it('the configured administrator is made at startup only where there is none', async () => {
    expect(await create(ADMIN.email, 'another password entirely', true)).toBe('exists');
    await auth.logIn(ADMIN.email, ADMIN.password);
    expect(await create('second@example.test', 'another password entirely', true)).toBe(
      'not-first',
    );
  });

  it('create-admin makes one administrator, however often it runs, who can log in where e-mail addresses must be verified', async () => {
    const made = await Promise.all([
      create('third@example.test', 'another password entirely'),
      create('Third@Example.Test', 'another password entirely'),
    ]);
    expect(made.toSorted()).toEqual(['created', 'exists']);
    await auth.logIn('third@example.test', 'another password entirely');
  });

  it('an account that was registered before is not made an administrator', async () => {
    const { email } = await auth.newcomer();
    expect(await create(email, 'another password entirely')).toBe('taken');
    const [row] = await system.sql`select roles from users where email_key = ${email}`;
    expect(row?.['roles']).toEqual([]);
  });

  it('needs a password like everybody', async () => {
    await expect(create('fourth@example.test', 'too short')).rejects.toThrow(UnusableAdministrator);
    await expect(create('fourth@example.test', 'too short')).rejects.not.toThrow('too short');
  });
});

describe('a machine client', () => {
  const id = 'cli_robot';
  const ensure = (secret: string, scope: string) =>
    changeOffline(system.bed.databaseUrls.auth, (_, withChange) => {
      const words = [
        '--id',
        id,
        '--name',
        'robot',
        '--scope',
        scope,
        '--audience',
        'urn:portcullis:auth',
      ];
      const { client } = readEnsureClientConfig(words, {
        DATABASE_URL: system.bed.databaseUrls.auth,
        PORTCULLIS_CLIENT_SECRET: secret,
      });
      return ensureClient(withChange, client);
    });
  const tokenWith = (secret: string) =>
    auth.call('POST', '/oauth2/token', {
      form: { grant_type: 'client_credentials' },
      headers: basic(id, secret),
    });
  const cuts = async () =>
    (await system.sql`select generation from revocation_log where key = ${id} order by id`).map(
      ({ generation }) => generation,
    );

  it('is made once, widened without harm, and cut when its secret or scope goes', async () => {
    const [old, fresh] = [randomBytes(24), randomBytes(24)].map((b) => b.toString('base64url')) as [
      string,
      string,
    ];
    expect(await ensure(old, 'users:read')).toBe('created');
    expect(await ensure(old, 'users:read')).toBe('unchanged');
    expect(await ensure(old, 'users:read users:write')).toBe('changed');
    expect(await cuts()).toEqual([]);
    const { body } = await tokenWith(old);
    expect(await ensure(fresh, 'users:read users:write')).toBe('changed');
    expect(await cuts()).toEqual([1]);
    expect((await tokenWith(old)).status).toBe(401);
    expect((await tokenWith(fresh)).status).toBe(200);
    const stale = await auth.call('GET', '/trpc/accounts.list?input=%7B%7D', {
      token: body.access_token,
    });
    expect(stale.status).toBe(401);
    expect(await ensure(fresh, 'users:read')).toBe('changed');
    expect(await cuts()).toEqual([1, 2]);
  });

  it('is made once when several ask at once', async () => {
    const secret = randomBytes(24).toString('base64url');
    await ensure(secret, 'users:read');
    const outcomes = await Promise.all(
      Array.from({ length: 5 }, () => ensure(secret, 'users:read')),
    );
    expect(new Set(outcomes)).toEqual(new Set(['unchanged']));
  });

  it('that is disabled stays so, unchanged, and the command says it and fails', async () => {
    const secret = randomBytes(24).toString('base64url');
    await ensure(secret, 'users:read');
    await system.sql`update clients set disabled_at = clock_timestamp() where id = ${id}`;
    const row = async () => await system.sql`select c::text as row from clients c where id = ${id}`;
    const before = await row();
    await expect(ensure(secret, 'users:read')).rejects.toThrow(`${id} is permanently disabled`);
    const command = run({
      name: 'ensure-client',
      command: process.execPath,
      args: [
        ...nodeWords('apps/auth/src/commands/ensure-client.ts'),
        `--id=${id}`,
        '--name=robot',
        '--scope=users:write',
        '--audience=urn:portcullis:auth',
      ],
      env: {
        NODE_ENV: 'test',
        DATABASE_URL: system.bed.databaseUrls.auth,
        PORTCULLIS_CLIENT_SECRET: secret,
      },
    });
    await expect(command).rejects.toThrow(
      `ensure-client: ${id} is permanently disabled; make one with another id`,
    );
    expect(await row()).toEqual(before);
    await system.sql`update clients set disabled_at = null where id = ${id}`;
  });

  it('has no secret in any table', async () => {
    const secret = randomBytes(24).toString('base64url');
    await ensure(secret, 'users:read');
    const rows = await system.sql`
      select c::text as row from clients c union all select a::text from audit_log a`;
    expect(JSON.stringify(rows)).not.toContain(secret);
  });
});

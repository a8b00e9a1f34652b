/** Machine clients in the hands of administrators: created, rotated, disabled. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ADMIN,
  basic,
  MACHINE,
  startAuthSystem,
  type AuthInstance,
  type AuthSystem,
} from '../auth-system.ts';

let system: AuthSystem;
let auth: AuthInstance;
let actor: string;

beforeAll(async () => {
  system = await startAuthSystem();
  auth = system.auth;
  actor = await system.idOf(ADMIN.email);
}, 120_000);

afterAll(async () => {
  await system.bed.dispose();
});

const NEW = { name: 'billing', scopes: ['users:read'], audiences: ['urn:portcullis:auth'] };

const create = (id: string, more: object = {}) =>
  auth.machine('clients.create', { actor, id, ...NEW, ...more });
const rotate = (id: string, overlap?: number) =>
  auth.machine('clients.rotate', {
    actor,
    client_id: id,
    wait: 0,
    ...(overlap === undefined ? {} : { overlap_seconds: overlap }),
  });
const disable = (id: string) => auth.machine('clients.disable', { actor, client_id: id, wait: 0 });

async function tokenWith(id: string, secret: string): Promise<string | number> {
  const { status, body } = await auth.call('POST', '/oauth2/token', {
    form: { grant_type: 'client_credentials' },
    headers: basic(id, secret),
  });
  return status === 200 ? body.access_token : status;
}

async function good(token: string | number): Promise<boolean> {
  if (typeof token === 'number') throw new Error(`no token: ${token}`);
  const { status } = await auth.call('GET', '/trpc/accounts.list?input=%7B%7D', { token });
  if (status !== 200 && status !== 401) throw new Error(`neither taken nor refused: ${status}`);
  return status === 200;
}

describe('a machine client', () => {
  it('is created with a secret that is shown once, and kept nowhere', async () => {
    const { status, body } = await create('cli_billing');
    expect(status).toBe(200);
    expect(body.client).toMatchObject({ id: 'cli_billing', authentication: 'secret', ...NEW });
    expect(await good(await tokenWith('cli_billing', body.client_secret))).toBe(true);
    const { body: list } = await auth.query('clients.list', { limit: 100 });
    expect(list.clients.map(({ id }: { id: string }) => id)).toContain('cli_billing');
    const rows = await system.sql`
      select c::text as row from clients c union all select a::text from audit_log a`;
    const stored = JSON.stringify([rows, list]);
    expect(stored).not.toContain(body.client_secret);
    expect(stored).not.toContain(Buffer.from(body.client_secret).toString('hex'));
    expect((await create('cli_billing')).body.code).toBe('conflict');
  });

  it('gets no more than its maker may do, and an unknown scope is no scope', async () => {
    const supporter = await auth.newcomer();
    await system.giveRoles(supporter.email, ['support']);
    const support = await system.idOf(supporter.email);
    const by = { actor: support };
    expect((await create('cli_greedy', by)).body.code).toBe('actor_refused');
    expect((await create('cli_greedy', { scopes: ['everything'] })).body.code).toBe(
      'invalid_request',
    );
  });

  it('is rotated with an overlap: both secrets are taken, then one, and no token is lost', async () => {
    const { body: made } = await create('cli_rotated');
    const id = made.client.id;
    const token = await tokenWith(id, made.client_secret);
    const { body: rotated } = await rotate(id);
    expect(rotated.receipt).toBeNull();
    const until = Date.parse(rotated.client.previous_secret_until);
    expect(until - Date.now()).toBeGreaterThan(23 * 3_600_000);
    for (const secret of [made.client_secret, rotated.client_secret]) {
      expect(await good(await tokenWith(id, secret))).toBe(true);
    }
    expect(await good(token)).toBe(true);
    await system.sql`
      update clients set previous_secret_until = clock_timestamp() where id = ${id}`;
    expect(await tokenWith(id, made.client_secret)).toBe(401);
    expect(await good(await tokenWith(id, rotated.client_secret))).toBe(true);
    expect(await good(token)).toBe(true);
  });

  it('has no more than two secrets at any time', async () => {
    const { body: made } = await create('cli_thrice');
    const id = made.client.id;
    const { body: second } = await rotate(id);
    const { body: third } = await rotate(id);
    expect(await tokenWith(id, made.client_secret)).toBe(401);
    for (const { client_secret: secret } of [second, third]) {
      expect(await good(await tokenWith(id, secret))).toBe(true);
    }
  });

  it('is rotated without an overlap: the old secret and every token end at once', async () => {
    const { body: made } = await create('cli_leaked');
    const id = made.client.id;
    const { body: second } = await rotate(id);
    const tokens = [
      await tokenWith(id, made.client_secret),
      await tokenWith(id, second.client_secret),
    ];
    const { body: third } = await rotate(id, 0);
    expect(third.receipt.revoked).toEqual({ kind: 'client', id });
    for (const token of tokens) expect(await good(token)).toBe(false);
    for (const { client_secret: secret } of [made, second]) {
      expect(await tokenWith(id, secret)).toBe(401);
    }
    expect(await good(await tokenWith(id, third.client_secret))).toBe(true);
  });

  it('is disabled for good, with its tokens', async () => {
    const { body: made } = await create('cli_gone');
    const id = made.client.id;
    const { body: rotated } = await rotate(id);
    const token = await tokenWith(id, made.client_secret);
    const { body: disabled } = await disable(id);
    expect(disabled.receipt.revoked).toEqual({ kind: 'client', id });
    expect(disabled.client.disabled_at).not.toBeNull();
    expect(await good(token)).toBe(false);
    for (const { client_secret: secret } of [made, rotated]) {
      expect(await tokenWith(id, secret)).toBe(401);
    }
    expect((await disable(id)).body.receipt).toBeNull();
    expect((await rotate(id)).body.code).toBe('conflict');
    expect((await create(id)).body.code).toBe('conflict');
    expect((await disable('cli_nobody')).body.code).toBe('not_found');
  });

  it('the client that users log in with, or that administrators use, cannot be disabled', async () => {
    for (const id of ['cli_first-party', MACHINE.id]) {
      expect((await disable(id)).body.code).toBe('conflict');
    }
    await auth.newcomer();
  });
});

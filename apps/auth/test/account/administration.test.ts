/** What administrators do to accounts, through a machine client, and to each other. */
import { randomBytes } from 'node:crypto';
import { FIRST_PARTY_CLIENT, newId } from '@portcullis/contracts';
import { rounds } from '@portcullis/testbed';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ADMIN,
  MACHINE,
  partOf,
  startAuthSystem,
  type Answer,
  type AuthInstance,
  type AuthSystem,
} from '../auth-system.ts';

let system: AuthSystem;
let auth: AuthInstance;
let actor: string;
let token: string;

beforeAll(async () => {
  // The long form takes longer than a token lives otherwise.
  const overrides = { PORTCULLIS_ACCESS_TOKEN_SECONDS: '3600' };
  system = await startAuthSystem({ instances: 2, overrides });
  auth = system.auth;
  actor = await system.idOf(ADMIN.email);
  token = await auth.machineToken();
}, 120_000);

afterAll(async () => {
  await system.bed.dispose();
});

const as = (by: string, verb: string, id: string, more: object = {}, on = auth) =>
  on.machine(`accounts.${verb}`, { user_id: id, actor: by, ...more }, token);

/** With a password that is thrown away, which is one that is not void. */
async function newAdministrator(): Promise<string> {
  const id = newId('usr');
  const email = `${id}@example.test`;
  await system.sql`
    insert into users (id, email, email_key, roles, password_hash)
    values (${id}, ${email}, ${email}, '{admin}', 'x')`;
  return id;
}

describe('an administrator', () => {
  it('disables at once and for good, and enables without bringing anything back', async () => {
    const user = await auth.newcomer();
    const id = await system.idOf(user.email);
    const disabled = await as(actor, 'disable', id);
    expect(disabled.body.user.status).toBe('disabled');
    expect(disabled.body.receipt.revoked).toEqual({ kind: 'subject', id });
    expect(await auth.accepts(user.access_token)).toBe(false);
    expect((await auth.refresh(user.refresh_token)).status).toBe(401);
    await expect(auth.logIn(user.email)).rejects.toThrow('invalid_credentials');

    const again = await as(actor, 'disable', id);
    expect(again.body.receipt).toBeNull();
    const enabled = await as(actor, 'enable', id);
    expect(enabled.body.user.status).toBe('active');
    expect(await auth.accepts(user.access_token)).toBe(false);
    expect((await auth.refresh(user.refresh_token)).status).toBe(401);
    expect(await auth.accepts((await auth.logIn(user.email)).access_token)).toBe(true);
  });

  it('ends what one client holds for a user, and spares other users and clients', async () => {
    const [user, bystander] = [await auth.newcomer(), await auth.newcomer()];
    const id = await system.idOf(user.email);
    // A session of another client, whose tokens name it from the next refresh on.
    const { session_id, refresh_token } = await auth.logIn(user.email);
    await system.sql`update sessions set client_id = ${MACHINE.id} where id = ${session_id}`;
    const other = (await auth.refresh(refresh_token)).body;
    expect(await auth.accepts(other.access_token)).toBe(true);

    const ended = await as(actor, 'logout', id, { client_id: FIRST_PARTY_CLIENT });
    const key = `${FIRST_PARTY_CLIENT}/${id}`;
    expect(ended.body.revoked).toEqual({ kind: 'client_subject', id: key });
    expect(await auth.accepts(user.access_token)).toBe(false);
    expect((await auth.refresh(user.refresh_token)).status).toBe(401);
    expect(await auth.accepts(other.access_token)).toBe(true);
    expect(await auth.accepts(bystander.access_token)).toBe(true);
    const next = (await auth.refresh(other.refresh_token)).body;
    expect(partOf(next.access_token, 1)['csgen']).toBeUndefined();

    const again = await auth.logIn(user.email);
    expect(partOf(again.access_token, 1)['csgen']).toBe(1);
    const refreshed = (await auth.refresh(again.refresh_token)).body;
    expect(partOf(refreshed.access_token, 1)['csgen']).toBe(1);
    expect(await auth.accepts(refreshed.access_token)).toBe(true);

    await as(actor, 'logout', id, { client_id: MACHINE.id });
    expect(await auth.accepts(next.access_token)).toBe(false);
    expect(await auth.accepts(refreshed.access_token)).toBe(true);
    const audited = await system.sql`
      select detail from audit_log
      where target_id = ${id} and action = 'account.client-logged-out' order by sequence`;
    expect(audited.map(({ detail }) => detail)).toEqual([
      { client: MACHINE.id, held_by: FIRST_PARTY_CLIENT },
      { client: MACHINE.id, held_by: MACHINE.id },
    ]);
    expect((await as(actor, 'logout', id, { client_id: 'cli_nobody' })).status).toBe(404);
  });

  it('changes roles: the old token is outdated, and a refresh has the new ones', async () => {
    const user = await auth.newcomer();
    const id = await system.idOf(user.email);
    const changed = await as(actor, 'setRoles', id, { roles: ['support', 'support'] });
    expect(changed.body.user.roles).toEqual(['support']);
    expect(changed.body.receipt).not.toBeNull();
    expect(changed.body.receipt.revoked).toEqual({ kind: 'claims_changed', id });
    const stale = await auth.call('GET', '/v1/sessions', { token: user.access_token });
    expect([stale.status, stale.body.code]).toEqual([401, 'token_stale']);
    const { body } = await auth.refresh(user.refresh_token);
    const claims = JSON.parse(Buffer.from(body.access_token.split('.')[1], 'base64url').toString());
    expect(claims.roles).toEqual(['support']);
    expect(await auth.accepts(body.access_token)).toBe(true);
    expect((await as(actor, 'setRoles', id, { roles: ['support'] })).body.receipt).toBeNull();
  });

  it('deletes: nothing personal is left, and the address is free again', async () => {
    const user = await auth.newcomer();
    const id = await system.idOf(user.email);
    const other = await auth.logIn(user.email);
    await auth.machine('accounts.rename', { user_id: id, name: 'Grace' }, token);
    // By a caller who may be the user, and whose identity is not written down.
    expect((await auth.register(user.email)).status).toBe(201);
    const form = { client_id: FIRST_PARTY_CLIENT, token: other.refresh_token };
    expect((await auth.call('POST', '/oauth2/revoke?wait=0', { form })).status).toBe(200);
    const addresses = async () =>
      (
        await system.sql`
          select a.action from audit_log a join audit_origins o on o.commitment = a.address
          where ${id} in (a.actor_id, a.target_id)
            or a.target_id in (select id from sessions where user_id = ${id})`
      ).map(({ action }) => action);
    const own = { client_id: FIRST_PARTY_CLIENT, token: user.access_token };
    expect((await auth.call('POST', '/oauth2/revoke?wait=0', { form: own })).status).toBe(200);
    const unnamed = ['account.registration-repeated', 'session.revoked', 'token.revoked'];
    expect(await addresses()).toEqual(expect.arrayContaining(unnamed));
    const removed = await as(actor, 'remove', id);
    expect(await addresses()).toEqual(['account.deleted']);
    expect(removed.body.deleted).toBe(id);
    expect(await auth.accepts(user.access_token)).toBe(false);
    expect((await as(actor, 'remove', id)).body.code).toBe('not_found');
    expect((await auth.query('accounts.get', { user_id: id })).body.code).toBe('not_found');
    const [tombstone] = await system.sql`select u::text as row from users u where id = ${id}`;
    expect(tombstone?.['row']).not.toContain(user.email);
    const events = await system.sql`
      select event ->> 'type' as type from account_events where user_id = ${id}`;
    expect(events.map(({ type }) => type)).toEqual(['deleted']);
    expect((await auth.register(user.email)).status).toBe(201);
    expect(await system.idOf(user.email)).not.toBe(id);
  });

  it('deletes an account of its own, and where that was done', async () => {
    const id = await newAdministrator();
    expect((await as(id, 'remove', id)).body.deleted).toBe(id);
    const [deleted] = await system.sql`
      select address from audit_log where actor_id = ${id} and action = 'account.deleted'`;
    expect(deleted).toEqual({ address: null });
  });

  it('deletion removes the origin of a request for a mail', async () => {
    const user = await auth.newcomer();
    const id = await system.idOf(user.email);
    const body = { email: user.email };
    expect((await auth.call('POST', '/v1/password/forgot', { body })).status).toBe(200);
    // As it is written when the letter is.
    const [mail] = await system.sql`
      update mails set user_id = ${id}
      where id = (select target_id from audit_log where action = 'account.reset-requested')
      returning id`;
    const asked = async () =>
      await system.sql`
        select o.address from audit_log a left join audit_origins o on o.commitment = a.address
        where a.target_id = ${mail?.['id']}`;
    expect(await asked()).toEqual([{ address: '127.0.0.1' }]);
    expect((await as(actor, 'remove', id)).body.deleted).toBe(id);
    expect(await asked()).toEqual([{ address: null }]);
  });

  it('deletion removes the origin of a logout that waited', async () => {
    const user = await auth.newcomer();
    const { session_id: session, access_token: own } = user;
    const id = await system.idOf(user.email);
    const locks = async () =>
      await system.sql`
        select 1 from pg_stat_activity
        where wait_event_type = 'Lock' and datname = current_database()
          and query not like '%audit_head%'`;
    const waiting: Promise<Answer>[] = [];
    await system.sql.begin(async (tx) => {
      await tx`select 1 from sessions where id = ${session} for update`;
      waiting.push(as(actor, 'remove', id));
      await expect.poll(async () => (await locks()).length, { timeout: 1_800 }).toBe(1);
      waiting.push(auth.call('POST', '/v1/logout', { token: own, body: { wait: 0 } }));
      waiting.push(auth.call('DELETE', `/v1/sessions/${session}?wait=0`, { token: own }));
      await expect.poll(async () => (await locks()).length, { timeout: 1_800 }).toBe(3);
    });
    for (const { status } of await Promise.all(waiting)) expect(status).toBe(200);
    const audited = await system.sql`
      select a.action, o.address from audit_log a
      left join audit_origins o on o.commitment = a.address
      where a.actor_id = ${id} and a.action in ('session.logged-out', 'session.ended')`;
    expect(audited).toHaveLength(2);
    for (const { address } of audited) expect(address).toBeNull();
  });

  it('an administrator logs a user out everywhere', async () => {
    const user = await auth.newcomer();
    const { body } = await as(actor, 'logout', await system.idOf(user.email));
    expect(body.revoked.kind).toBe('subject');
    expect(await auth.accepts(user.access_token)).toBe(false);
    expect(await auth.accepts((await auth.logIn(user.email)).access_token)).toBe(true);
  });

  it('has to be one, at the moment of the change', async () => {
    const user = await auth.newcomer();
    const id = await system.idOf(user.email);
    const withoutRole = await system.idOf((await auth.newcomer()).email);
    for (const verb of ['disable', 'enable', 'remove', 'logout'] as const) {
      expect((await as(withoutRole, verb, id)).body.code).toBe('actor_refused');
    }
    const supporter = await auth.newcomer();
    await system.giveRoles(supporter.email, ['support']);
    const support = await system.idOf(supporter.email);
    expect((await as(support, 'setRoles', id, { roles: ['admin'] })).body.code).toBe(
      'actor_refused',
    );
    expect((await as(support, 'logout', id)).status).toBe(200);
    const audited = await system.sql`
      select detail from audit_log where actor_id = ${support} and action = 'account.logged-out'`;
    expect(audited.map(({ detail }) => detail)).toEqual([{ client: 'cli_test-admin' }]);
  });

  it('is needed: the last one cannot be disabled, deleted or demoted', async () => {
    for (const [verb, more] of [
      ['disable', {}],
      ['remove', {}],
      ['setRoles', { roles: ['support'] }],
    ] as const) {
      const { status, body } = await as(actor, verb, actor, more);
      expect([status, body.code]).toEqual([409, 'last_administrator']);
    }
    expect((await auth.query('accounts.get', { user_id: actor })).body.roles).toEqual(['admin']);
  });

  it('is needed who can log in: one whose password is void does not count', async () => {
    const other = await newAdministrator();
    await system.sql`update users set password_hash = null where id = ${other}`;
    const refused = await as(actor, 'disable', actor, { wait: 0 });
    expect([refused.status, refused.body.code]).toEqual([409, 'last_administrator']);
    // The other one may go, and keep the role among others.
    const kept = await as(actor, 'setRoles', other, { roles: ['admin', 'support'], wait: 0 });
    expect(kept.status).toBe(200);
    expect((await as(actor, 'remove', other, { wait: 0 })).status).toBe(200);
  });

  it('who cannot log in any more still acts on accounts that are none of administrators', async () => {
    const user = await auth.newcomer();
    const id = await system.idOf(user.email);
    await system.sql`update users set status = 'disabled' where 'admin' = any(roles) and id <> ${actor}`;
    const [{ password_hash: hash } = {}] = await system.sql`
      select password_hash from users where id = ${actor}`;
    await system.sql`update users set password_hash = null where id = ${actor}`;
    expect((await as(actor, 'setRoles', id, { roles: ['support'], wait: 0 })).status).toBe(200);
    expect((await as(actor, 'setRoles', actor, { roles: [], wait: 0 })).status).toBe(409);
    await system.sql`update users set password_hash = ${hash as string} where id = ${actor}`;
  });

  it.each([
    ['setRoles', 'setRoles', rounds({ short: 15, long: 1_000 })],
    ['disable', 'disable', rounds({ short: 5, long: 100 })],
    ['remove', 'remove', rounds({ short: 5, long: 100 })],
    ['setRoles', 'remove', rounds({ short: 5, long: 100 })],
  ] as const)(
    'and another one, of whom one does %s and one %s to the other at once, leave one (%i times)',
    async (one, other, times) => {
      const more = (verb: string) => (verb === 'setRoles' ? { roles: [] } : {});
      const started = performance.now();
      for (let round = 0; round < times; round += 1) {
        const pair = [await newAdministrator(), await newAdministrator()] as const;
        await system.sql`update users set roles = '{}' where id = ${actor}`;
        const answers = await Promise.all([
          as(pair[0], one, pair[1], { ...more(one), wait: 0 }),
          as(pair[1], other, pair[0], { ...more(other), wait: 0 }, system.instances[1]),
        ]);
        const left = await system.sql`
          select id from users where status = 'active' and 'admin' = any(roles)`;
        expect(left, `round ${round}`).toHaveLength(1);
        expect(answers.map(({ status }) => String(status)).toSorted()).toEqual(['200', '403']);
        await system.sql`update users set roles = '{admin}' where id = ${actor}`;
        await system.sql`update users set roles = '{}' where id = ${left[0]?.['id']}`;
      }
      const seconds = ((performance.now() - started) / 1_000).toFixed(1);
      console.log(`${one} against ${other}: one left, ${times} times of ${times}, in ${seconds} s`);
    },
    3_600_000,
  );
});

describe('a name that its owner has changed elsewhere', () => {
  const rename = (user_id: string, more: object) =>
    auth.machine('accounts.rename', { user_id, ...more }, token);

  it('is the name here, and is announced', async () => {
    const user = await auth.newcomer();
    const id = await system.idOf(user.email);
    const renamed = await rename(id, { name: 'Grace' });
    expect(renamed.body).toMatchObject({ name: 'Grace', changed_at: expect.any(String) });
    expect((await auth.query('accounts.get', { user_id: id })).body.name).toBe('Grace');
    const [event] = await system.sql`
      select event from account_events where user_id = ${id}
      and event ->> 'type' = 'profile-changed'`;
    expect(event?.['event']).toMatchObject({ name: 'Grace', actor: { kind: 'user', id } });
    expect(new Date(renamed.body.changed_at).getTime()).toBe(event?.['event'].occurred_at);
  });

  it('stays where another one was expected', async () => {
    const id = await system.idOf((await auth.newcomer()).email);
    await rename(id, { name: 'Grace' });
    const refused = await rename(id, { name: 'Ada', expected: null });
    expect(refused.body).toEqual({ name: 'Grace', changed_at: null });
  });

  it('is no name of an account that is disabled, deleted or unknown', async () => {
    const id = await system.idOf((await auth.newcomer()).email);
    await as(actor, 'disable', id, { wait: 0 });
    expect((await rename(id, { name: 'Grace' })).body.code).toBe('actor_refused');
    await as(actor, 'remove', id, { wait: 0 });
    expect((await rename(id, { name: 'Grace' })).body.code).toBe('not_found');
    expect((await rename(newId('usr'), { name: 'Grace' })).body.code).toBe('not_found');
  });
});

describe('the list of accounts', () => {
  it('is searched by part of address or name, by whole id, and takes wildcards literally', async () => {
    const mark = randomBytes(6).toString('hex');
    await auth.register(`${mark}xb@example.test`, undefined, 'Grace Hopper');
    await auth.register(`${mark}_b@example.test`, undefined, `O'${mark}`);
    const found = async (query: string) =>
      (await auth.query('accounts.list', { query })).body.users.map(
        ({ email }: { email: string }) => email,
      );
    expect(await found(mark.toUpperCase())).toHaveLength(2);
    expect(await found(`${mark}%`)).toEqual([]);
    expect(await found('grace HOPPER')).toEqual([`${mark}xb@example.test`]);
    expect(await found(`${mark}_b`)).toEqual([`${mark}_b@example.test`]);
    expect(await found(`o'${mark}`)).toEqual([`${mark}_b@example.test`]);
    expect(await found(`${mark}\\`)).toEqual([]);
    const id = await system.idOf(`${mark}_b@example.test`);
    expect(await found(id)).toEqual([`${mark}_b@example.test`]);
  });

  it('the list of accounts comes in pages without a gap or a repetition', async () => {
    const [{ count } = {}] = await system.sql`
      select count(*)::int from users where status <> 'deleted'`;
    const seen: string[] = [];
    let cursor: string | null | undefined;
    do {
      const input = { limit: 7, ...(cursor ? { cursor } : {}) };
      const { body } = await auth.query('accounts.list', input);
      seen.push(...body.users.map(({ id }: { id: string }) => id));
      cursor = body.next_cursor;
    } while (cursor);
    expect(seen).toEqual([...new Set(seen)].toSorted());
    expect(seen).toHaveLength(count);
  });
});

describe('the events about one account', () => {
  it('bear times of their own, in the order of the commits', async () => {
    const user = await auth.newcomer();
    const id = await system.idOf(user.email);
    const wanted = Array.from({ length: 30 }, (_, at) => (at % 2 === 0 ? ['support'] : []));
    const [first, second] = system.instances;
    await Promise.all(
      wanted.map((roles, at) =>
        as(actor, 'setRoles', id, { roles, wait: 0 }, at % 3 === 0 ? first : second),
      ),
    );
    const events = await system.sql`
      select (event ->> 'occurred_at')::float8 as at, event -> 'roles' as roles
      from account_events where user_id = ${id} and event ->> 'type' = 'roles-changed'
      order by 1`;
    const audited = await system.sql`
      select detail -> 'to' as roles from audit_log
      where target_id = ${id} and action = 'account.roles-changed' and detail -> 'changed' = 'true'
      order by at`;
    expect(events.length).toBeGreaterThan(1);
    expect(new Set(events.map(({ at }) => at)).size).toBe(events.length);
    expect(events.map(({ roles }) => roles)).toEqual(audited.map(({ roles }) => roles));
  });

  it('go on from the last one when the clock of the database steps back', async () => {
    const user = await auth.newcomer();
    const id = await system.idOf(user.email);
    await system.sql`update users set announced_at = now() + interval '1 hour' where id = ${id}`;
    await as(actor, 'disable', id, { wait: 0 });
    await as(actor, 'enable', id);
    const events = await system.sql`
      select event ->> 'type' as type from account_events where user_id = ${id}
      order by (event ->> 'occurred_at')::float8`;
    expect(events.map(({ type }) => type)).toEqual(['registered', 'disabled', 'enabled']);
  });
});

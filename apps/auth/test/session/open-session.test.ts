/**
 * The one statement of a login, while another transaction holds the account: it has looked at everything
 * already, and goes on when the other one is done.
 */
import type { Tokens } from '@portcullis/api';
import type { TransactionSql } from 'postgres';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { partOf, startAuthSystem, type AuthInstance, type AuthSystem } from '../auth-system.ts';

let system: AuthSystem;
let auth: AuthInstance;

beforeAll(async () => {
  system = await startAuthSystem();
  auth = system.auth;
}, 120_000);

afterAll(async () => {
  await system.bed.dispose();
});

async function statementsWaiting(): Promise<number> {
  const waiting = await system.sql`
    select 1 from pg_stat_activity
    where wait_event_type = 'Lock' and datname = current_database() and query like 'with "locked"%'`;
  return waiting.length;
}

/**
 * Logs in that many times while the account is held, and lets go when all of them wait.
 *
 * @param meanwhile done to the account before that
 */
async function logInMeanwhile(
  instance: AuthInstance,
  email: string,
  times: number,
  meanwhile: (tx: TransactionSql) => Promise<unknown>,
): Promise<PromiseSettledResult<Tokens>[]> {
  const logins: Promise<Tokens>[] = [];
  await system.sql.begin(async (tx) => {
    await tx`select 1 from users where email_key = ${email} for update`;
    for (let n = 0; n < times; n += 1) logins.push(instance.logIn(email));
    await expect.poll(statementsWaiting, { timeout: 1_800 }).toBe(times);
    await meanwhile(tx);
  });
  return await Promise.allSettled(logins);
}

const opened = async (email: string) =>
  await system.sql`
  select s.id from sessions s join users u on u.id = s.user_id
  where u.email_key = ${email} and s.ended_at is null`;

const audited = async (email: string) =>
  await system.sql`
  select a.target_id, o.address from audit_log a join users u on u.id = a.actor_id
  left join audit_origins o on o.commitment = a.address
  where u.email_key = ${email} and a.action = 'session.logged-in'`;

describe('a login that waits for the account', () => {
  it('leaves nothing when it was disabled meanwhile', async () => {
    const { email } = await auth.newcomer();
    const before = [await opened(email), await audited(email)];
    const [login] = await logInMeanwhile(
      auth,
      email,
      1,
      (tx) => tx`update users set status = 'disabled' where email_key = ${email}`,
    );
    expect(login).toMatchObject({ status: 'rejected', reason: { message: /401/ } });
    expect([await opened(email), await audited(email)]).toEqual(before);
  });

  it('leaves nothing when the password was changed meanwhile', async () => {
    const { email } = await auth.newcomer();
    const other = `other-${email}`;
    const { status } = await auth.register(other, 'a password that no other user here has');
    expect(status).toBe(201);
    const before = [await opened(email), await audited(email)];
    const [login] = await logInMeanwhile(
      auth,
      email,
      1,
      (tx) => tx`
        update users set generation = generation + 1,
          password_hash = (select password_hash from users where email_key = ${other})
        where email_key = ${email}`,
    );
    expect(login).toMatchObject({ status: 'rejected', reason: { message: /401/ } });
    expect([await opened(email), await audited(email)]).toEqual(before);
  });

  it('checks the password again when the generation was raised, and leaves one session', async () => {
    const { email } = await auth.newcomer();
    const before = [(await opened(email)).length, (await audited(email)).length];
    expect(before).toEqual([1, 1]);
    const [login] = await logInMeanwhile(
      auth,
      email,
      1,
      (tx) => tx`update users set generation = generation + 1 where email_key = ${email}`,
    );
    const tokens = login?.status === 'fulfilled' ? login.value : undefined;
    expect(partOf(tokens?.access_token ?? '', 1)['gen']).toBe(1);
    expect(await opened(email)).toHaveLength(2);
    expect(await audited(email)).toHaveLength(2);
    expect(await audited(email)).toContainEqual({
      target_id: tokens?.session_id,
      address: '127.0.0.1',
    });
    const noted = await system.sql`
      select 1 from users where email_key = ${email} and last_login_at > now() - interval '1 minute'`;
    expect(noted).toHaveLength(1);
  });

  it('has a token that holds when what its client holds was ended meanwhile', async () => {
    const { email, session_id: former } = await auth.newcomer();
    const [login] = await logInMeanwhile(auth, email, 1, async (tx) => {
      await tx`
        insert into client_subjects (client_id, user_id, generation)
        select 'cli_first-party', id, 1 from users where email_key = ${email}`;
      await tx`update users set client_revocations = client_revocations + 1 where email_key = ${email}`;
      await tx`update sessions set ended_at = clock_timestamp() where id = ${former}`;
    });
    const tokens = login?.status === 'fulfilled' ? login.value : undefined;
    expect(partOf(tokens?.access_token ?? '', 1)['csgen']).toBe(1);
    expect(await auth.accepts(tokens?.access_token ?? '')).toBe(true);
    expect((await opened(email)).map(({ id }) => id)).toEqual([tokens?.session_id]);
    expect(await audited(email)).toHaveLength(2);
  });

  it('is not issued later than what it was checked against', async () => {
    const { email } = await auth.newcomer();
    let released = 0;
    const [login] = await logInMeanwhile(auth, email, 1, async (tx) => {
      await sleep(1_200);
      const [row] = await tx`select extract(epoch from clock_timestamp())::float8 as now`;
      released = row?.['now'];
    });
    const tokens = login?.status === 'fulfilled' ? login.value : undefined;
    const { iat, auth_time: authTime } = partOf(tokens?.access_token ?? '', 1);
    expect(released - Number(iat)).toBeGreaterThan(1.2);
    expect(authTime).toBe(iat);
  });

  it('is one of no more than are allowed, though none of several sees the others', async () => {
    const other = await system.start({ PORTCULLIS_MAX_SESSIONS: '2' });
    const { email } = await other.newcomer();
    const logins = await logInMeanwhile(other, email, 4, async () => undefined);
    const sessions = logins.map((one) => (one.status === 'fulfilled' ? one.value.session_id : ''));
    const open = await opened(email);
    expect(open).toHaveLength(2);
    for (const { id } of open) expect(sessions).toContain(id);
  });
});

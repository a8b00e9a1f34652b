/**
 * The one statement of a refresh against what changes its rows: another transaction holds them, the refresh meets it, and
 * the other one commits. Each case is one order of the two, and not a matter of luck.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Tokens } from '@portcullis/api';
import type { TransactionSql } from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { partOf, startAuthSystem, type Answer, type AuthSystem } from '../auth-system.ts';

let system: AuthSystem;

beforeAll(async () => {
  system = await startAuthSystem();
}, 120_000);

afterAll(async () => {
  await system.bed.dispose();
});

type Newcomer = Tokens & { email: string };

/** The statements of this database that wait for a lock. */
async function waiting(): Promise<string[]> {
  const rows = await system.sql`
    select query from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`;
  return rows.map(({ query }) => String(query));
}

async function untilWaiting(number = 1): Promise<string[]> {
  for (;;) {
    const statements = await waiting();
    if (statements.length >= number) return statements;
    await sleep(5);
  }
}

type Change = (tx: TransactionSql, user: Newcomer) => Promise<unknown>;

/** @returns the answers to refreshes that began, and waited, while the change was not committed; and what waited */
async function refreshDuring(
  user: Newcomer,
  change: Change,
  { times = 1, heldMs = 0 } = {},
): Promise<{ answers: Answer[]; waited: string[] }> {
  let answers: Promise<Answer>[] = [];
  let waited: string[] = [];
  await system.sql.begin(async (tx) => {
    await change(tx, user);
    answers = Array.from({ length: times }, () => system.auth.refresh(user.refresh_token));
    waited = await untilWaiting(times);
    await sleep(heldMs);
  });
  return { answers: await Promise.all(answers), waited };
}

async function statusDuring(user: Newcomer, change: Change): Promise<number | undefined> {
  const { answers } = await refreshDuring(user, change);
  return answers[0]?.status;
}

const endSession: Change = (tx, { session_id: id }) =>
  tx`update sessions set ended_at = clock_timestamp(), ended_by = 'evt_other' where id = ${id}`;
const touchSession: Change = (tx, { session_id: id }) =>
  tx`update sessions set last_used_at = clock_timestamp() where id = ${id}`;
const raiseGeneration: Change = (tx, { email }) =>
  tx`update users set generation = generation + 1 where email_key = ${email}`;

async function rowOf({ session_id: id }: Tokens): Promise<Record<string, unknown>> {
  const [row] = await system.sql`
    select rotations, refresh_hash::text as hash from sessions where id = ${id}`;
  return row ?? {};
}

describe('a refresh that waits for the row of its session', () => {
  it('is refused by a session that has ended by then, and changes nothing of it', async () => {
    const user = await system.auth.newcomer();
    const before = await rowOf(user);
    const { answers, waited } = await refreshDuring(user, endSession);
    // Or this test would be about the locks of the other way.
    expect(waited).toEqual([expect.stringMatching(/^update "sessions"/)]);
    expect(answers[0]).toMatchObject({ status: 401, body: { code: 'invalid_refresh_token' } });
    expect(await rowOf(user)).toEqual(before);
  });

  it.each<[string, Change]>([
    [
      'the account is disabled',
      (tx, { email }) => tx`update users set status = 'disabled' where email_key = ${email}`,
    ],
    ['all tokens of the account end', raiseGeneration],
    [
      'what its client holds ends',
      (tx, { email }) =>
        tx`insert into client_subjects (client_id, user_id, generation)
          select 'cli_first-party', id, 1 from users where email_key = ${email}`,
    ],
  ])('is refused when %s in one transaction with it', async (_, change) => {
    const status = await statusDuring(await system.auth.newcomer(), async (tx, user) => {
      await change(tx, user);
      await endSession(tx, user);
    });
    expect(status).toBe(401);
  });

  it('is refused by a session that is forgotten, or has outlived its time, by then', async () => {
    const forgotten = await statusDuring(
      await system.auth.newcomer(),
      (tx, { session_id: id }) => tx`delete from sessions where id = ${id}`,
    );
    expect(forgotten).toBe(401);
    for (const column of ['idle_expires_at', 'expires_at']) {
      const past = { [column]: new Date(Date.now() - 60_000) };
      const status = await statusDuring(
        await system.auth.newcomer(),
        (tx, { session_id: id }) => tx`update sessions set ${tx(past)} where id = ${id}`,
      );
      expect([column, status]).toEqual([column, 401]);
    }
  });

  it('is refused without the key that the session is bound to by then', async () => {
    const bound = { dpop_jkt: 'A'.repeat(43) };
    const status = await statusDuring(
      await system.auth.newcomer(),
      (tx, { session_id: id }) => tx`update sessions set ${tx(bound)} where id = ${id}`,
    );
    expect(status).toBe(401);
  });

  it('rotates its token once, of any number that wait with the same one', async () => {
    const user = await system.auth.newcomer();
    const { answers } = await refreshDuring(user, touchSession, { times: 8 });
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(1);
    expect(await rowOf(user)).toMatchObject({ rotations: 1 });
  });

  it('rotates it when the other transaction is rolled back', async () => {
    const user = await system.auth.newcomer();
    let answer: Promise<Answer> | undefined;
    const undone = system.sql.begin(async (tx) => {
      await endSession(tx, user);
      answer = system.auth.refresh(user.refresh_token);
      await untilWaiting();
      throw new Error('rolled back');
    });
    await expect(undone).rejects.toThrow('rolled back');
    expect((await answer)?.status).toBe(200);
  });
});

describe('a refresh that meets a change of its account', () => {
  it('waits for none, and says what was before it as a whole', async () => {
    const user = await system.auth.newcomer();
    const during = await system.sql.begin(async (tx) => {
      await raiseGeneration(tx, user);
      await tx`update users set roles = array['support'] where email_key = ${user.email}`;
      return await system.auth.refresh(user.refresh_token);
    });
    expect(during.status).toBe(200);
    const { access_token: token, refresh_token: next } = during.body;
    expect(partOf(token, 1)).toMatchObject({ gen: 0, roles: [] });
    const used = await system.auth.call('GET', '/v1/sessions', { token });
    expect([used.status, used.body.code]).toEqual([401, 'token_stale']);
    const after = await system.auth.refresh(next);
    expect(partOf(after.body.access_token, 1)).toMatchObject({ gen: 1, roles: ['support'] });
  });

  it('says, of the time of before, what was before it where it has waited for its session', async () => {
    const user = await system.auth.newcomer();
    let begun = 0;
    const { answers } = await refreshDuring(
      user,
      async (tx) => {
        await raiseGeneration(tx, user);
        await touchSession(tx, user);
        const [row] = await tx`select extract(epoch from clock_timestamp())::float8 as now`;
        begun = row?.['now'];
      },
      { heldMs: 1_500 },
    );
    expect(answers[0]?.status).toBe(200);
    const { gen, iat } = partOf(answers[0]?.body.access_token, 1);
    expect(gen).toBe(0);
    // It is not issued later than what it says was read: it began within a second, and waited for longer.
    expect(iat).toBeLessThanOrEqual(begun + 1);
  });
});

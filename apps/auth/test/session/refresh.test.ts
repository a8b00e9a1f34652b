/** Rotation of refresh tokens, over two instances that share a database. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  startAuthSystem,
  type Answer,
  type AuthInstance,
  type AuthSystem,
} from '../auth-system.ts';

let system: AuthSystem;
let first: AuthInstance;
let second: AuthInstance;

beforeAll(async () => {
  system = await startAuthSystem({ instances: 2 });
  [first, second] = system.instances as [AuthInstance, AuthInstance];
}, 120_000);

afterAll(async () => {
  await system.bed.dispose();
});

async function endedReason(session: string): Promise<string | null> {
  const [row] = await system.sql`
    select l.reason from sessions s left join revocation_log l on l.id = s.ended_by
    where s.id = ${session}`;
  return row?.['reason'] ?? null;
}

/** A machine that is too busy gives up on a lock with 503, which decides nothing: asked again. */
async function decided(ask: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    const answer = await ask();
    if (answer.status !== 503) return answer;
    await sleep(50);
  }
}

const codes = (answers: Answer[]) => new Set(answers.map(({ status }) => status));

describe('a refresh', () => {
  it('gives new tokens of the same session, and the old access token lives on', async () => {
    const user = await first.newcomer();
    const { status, body, headers } = await first.refresh(user.refresh_token);
    expect(status).toBe(200);
    expect(body.session_id).toBe(user.session_id);
    expect(body.refresh_token).not.toBe(user.refresh_token);
    expect(headers.get('cache-control')).toContain('no-store');
    expect(await first.accepts(body.access_token)).toBe(true);
    expect(await first.accepts(user.access_token)).toBe(true);
  });

  it('a refresh token has one successor, however many ask at once on two instances, and ends no session', async () => {
    const user = await first.newcomer();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        decided(() => (i % 2 === 0 ? first : second).refresh(user.refresh_token)),
      ),
    );
    expect(codes(answers)).toEqual(new Set([200]));
    const successors = new Set(answers.map(({ body }) => body.refresh_token));
    expect(successors.size).toBe(1);
    const again = await second.refresh([...successors].join());
    expect(again.status).toBe(200);
    const [row] = await system.sql`
      select rotations from sessions where id = ${user.session_id}`;
    expect(row?.['rotations']).toBe(2);
  });

  it('gives the same successor again to a client that lost the answer', async () => {
    const user = await first.newcomer();
    const lost = await first.refresh(user.refresh_token);
    const retried = await second.refresh(user.refresh_token);
    expect(retried.status).toBe(200);
    expect(retried.body.refresh_token).toBe(lost.body.refresh_token);
    expect((await first.refresh(retried.body.refresh_token)).status).toBe(200);
  });

  it('ends the session, and only that one, when a token two generations old comes back', async () => {
    const user = await first.newcomer();
    const other = await first.logIn(user.email);
    const one = await first.refresh(user.refresh_token);
    const two = await first.refresh(one.body.refresh_token);
    const replay = await second.refresh(user.refresh_token);
    expect([replay.status, replay.body.code]).toEqual([401, 'invalid_refresh_token']);
    expect(await endedReason(user.session_id)).toBe('refresh_reuse');
    expect((await first.refresh(two.body.refresh_token)).status).toBe(401);
    expect(await first.accepts(two.body.access_token)).toBe(false);
    expect(await first.accepts(other.access_token)).toBe(true);
    expect((await first.refresh(other.refresh_token)).status).toBe(200);
    const audited = await system.sql`
      select 1 from audit_log
      where action = 'session.refresh-reused' and target_id = ${user.session_id}`;
    expect(audited).toHaveLength(1);
    const told = await system.sql`
      select kind from mails m join users u on u.id = m.user_id
      where u.email_key = ${user.email} and kind = 'session-ended-by-reuse'`;
    expect(told).toHaveLength(1);
  });

  it('ends the session when its predecessor comes back late, or from another client', async () => {
    const late = await first.newcomer();
    await first.refresh(late.refresh_token);
    await system.sql`
      update sessions set rotated_at = rotated_at - interval '31 seconds'
      where id = ${late.session_id}`;
    expect((await first.refresh(late.refresh_token)).status).toBe(401);
    expect(await endedReason(late.session_id)).toBe('refresh_reuse');

    const stolen = await first.newcomer();
    await first.refresh(stolen.refresh_token);
    const thief = await first.refresh(stolen.refresh_token, { 'user-agent': 'another' });
    expect(thief.status).toBe(401);
    expect(await endedReason(stolen.session_id)).toBe('refresh_reuse');
  });

  it('ends nothing for a token that was never issued', async () => {
    const user = await first.newcomer();
    const { refresh_token: real } = user;
    const flipped = real.slice(0, -1) + (real.endsWith('A') ? 'B' : 'A');
    const otherSession = `prt_${(await first.newcomer()).refresh_token.slice(4, 30)}${real.slice(30)}`;
    const invented = [
      real.slice(0, -1),
      `${real}A`,
      flipped,
      otherSession,
      real.slice(0, 30) + 'A'.repeat(64),
      real.toUpperCase(),
      ` ${real}`,
      user.access_token.slice(0, 256),
      'prt_',
      '\u0000',
      "' or 1=1 --",
    ];
    for (const token of invented) {
      const { status, body } = await first.refresh(token);
      expect([token, status]).toEqual([token, status === 400 ? 400 : 401]);
      expect(body.message).not.toContain(token);
    }
    expect(await endedReason(user.session_id)).toBeNull();
    expect((await first.refresh(real)).status).toBe(200);
  });

  it('is refused after the session has gone idle, has outlived its time, or has ended', async () => {
    for (const column of ['idle_expires_at', 'expires_at', 'ended_at']) {
      const user = await first.newcomer();
      await system.sql`
        update sessions set ${system.sql({ [column]: new Date(Date.now() - 1_000) })}
        where id = ${user.session_id}`;
      expect((await first.refresh(user.refresh_token)).status).toBe(401);
    }
  });

  it('is refused while its account or its client is disabled, and ends nothing', async () => {
    const user = await first.newcomer();
    const { session_id: id, refresh_token: token } = user;
    const statusOfRefresh = async () => (await second.refresh(token)).status;
    await system.sql`update users set status = 'disabled' where email_key = ${user.email}`;
    expect(await statusOfRefresh()).toBe(401);
    await system.sql`update users set status = 'active' where email_key = ${user.email}`;
    await system.sql`
      insert into clients (id, name, disabled_at) values ('cli_other', 'other', clock_timestamp())`;
    await system.sql`update sessions set client_id = 'cli_other' where id = ${id}`;
    expect(await statusOfRefresh()).toBe(401);
    await system.sql`update clients set disabled_at = null where id = 'cli_other'`;
    expect(await endedReason(id)).toBeNull();
    expect(await statusOfRefresh()).toBe(200);
  });

  it('mints no token that outlives the session', async () => {
    const user = await first.newcomer();
    await system.sql`
      update sessions set expires_at = clock_timestamp() + interval '90 seconds'
      where id = ${user.session_id}`;
    const { body } = await first.refresh(user.refresh_token);
    expect(body.expires_in).toBeLessThanOrEqual(90);
    expect(body.expires_in).toBeGreaterThan(80);
  });

  it('keeps only hashes', async () => {
    const user = await first.newcomer();
    const { body } = await first.refresh(user.refresh_token);
    const rows = await system.sql`select s::text as row from sessions s`;
    const stored = rows.map(({ row }) => String(row)).join('\n');
    for (const token of [user.refresh_token, body.refresh_token]) {
      const secret = Buffer.from(token.slice(30), 'base64url');
      expect(stored).not.toContain(token.slice(30));
      expect(stored).not.toContain(secret.subarray(0, 32).toString('hex'));
    }
  });
});

/**
 * The one statement that ends a session, while another transaction holds the account: it has looked at the session
 * already, and goes on when the other one is done. And what it writes beside what a change writes.
 */
import { newId } from '@portcullis/contracts';
import type { RevocationEvent } from '@portcullis/contracts';
import { userId } from '@portcullis/contracts/schemas';
import type { TransactionSql } from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { causeOfUser } from '../../src/change/cause.ts';
import { createUnitOfWork } from '../../src/change/unit-of-work.ts';
import { connectPostgres, type PostgresConnection } from '../../src/database/database.ts';
import { createEndLiveSession } from '../../src/session/end-live-session.ts';
import { endSession } from '../../src/session/end-sessions.ts';
import { lockOwner } from '../../src/users/lock-user.ts';
import {
  startAuthSystem,
  type Answer,
  type AuthInstance,
  type AuthSystem,
} from '../auth-system.ts';

let system: AuthSystem;
let auth: AuthInstance;
let connection: PostgresConnection;

beforeAll(async () => {
  system = await startAuthSystem();
  auth = system.auth;
  connection = system.bed.use(connectPostgres(system.bed.databaseUrls.auth, 'test'));
}, 120_000);

afterAll(async () => {
  await system.bed.dispose();
});

async function newSession() {
  const { email, session_id: session, ...tokens } = await auth.newcomer();
  return { email, session, owner: userId.parse(await system.idOf(email)), ...tokens };
}
type Session = Awaited<ReturnType<typeof newSession>>;

/** What there is of a session, its events and its trail, without what is another one each time. */
async function writtenOf({ session, owner }: Session) {
  const replaced = (row: object) =>
    JSON.parse(JSON.stringify(row).replaceAll(session, 'SESSION').replaceAll(owner, 'OWNER'));
  const [ended] = await system.sql`
    select ended_at is not null as ended,
      ended_by = (select id from revocation_log where key = ${session}) as by_it
    from sessions where id = ${session}`;
  const events = await system.sql`
    select kind, key, generation, reason, actor_kind, actor_id, request_id,
      round(extract(epoch from expires_at - occurred_at)) as life
    from revocation_log where key = ${session}`;
  const trail = await system.sql`
    select a.action, a.actor_kind, a.actor_id, a.target_kind, a.target_id, a.request_id, a.detail,
      a.address = 'sha256:' || encode(sha256('portcullis audit origin v1'::bytea || o.salt
        || o.address::bytea), 'hex') as committed, o.address
    from audit_log a left join audit_origins o on o.commitment = a.address
    where a.target_id = ${session} and a.action = 'session.ended'`;
  return replaced({ ended, events, trail });
}

/** Both ways to end a session, without HTTP. */
function directly() {
  const { database } = connection;
  const entryLifeSeconds = 1_234;
  const committed = new Array<RevocationEvent>();
  const { withChange, atOnce } = createUnitOfWork({
    database,
    entryLifeSeconds,
    committed: (events) => void committed.push(...events),
  });
  const endLiveSession = createEndLiveSession({ database, atOnce });
  return { withChange, endLiveSession, committed };
}

describe('the end of a session, in one statement', () => {
  it('writes what a change writes, and is handed on like it', async () => {
    const { endLiveSession, withChange, committed } = directly();
    const cause = (owner: Session['owner']) =>
      causeOfUser({ requestId: 'req_of-the-test', address: '192.0.2.7' }, owner);
    const [one, other] = [await newSession(), await newSession()];

    const event = await endLiveSession(cause(one.owner), {
      session: one.session,
      owner: one.owner,
      reason: 'session_ended',
      action: 'session.ended',
    });
    const { revocations } = await withChange(cause(other.owner), async (change) => {
      await lockOwner(change, other.owner);
      await endSession(change, other.session, other.owner, 'session_ended');
      await change.audit({
        action: 'session.ended',
        target: { kind: 'session', id: other.session },
        detail: { changed: true },
      });
    });

    const written = await writtenOf(one);
    expect(written).toEqual(await writtenOf(other));
    expect(written).toMatchObject({
      ended: { ended: true, by_it: true },
      events: [{ life: '1234' }],
    });
    expect(written.trail).toMatchObject([{ committed: true, address: '192.0.2.7' }]);
    expect(committed).toEqual([event, ...revocations]);
    const { version, kind, reason, request_id } = revocations[0] ?? {};
    expect(event).toMatchObject({ version, kind, reason, request_id });
    expect(event).toMatchObject({ key: one.session, actor: { kind: 'user', id: one.owner } });
    const [row] =
      await system.sql`select occurred_at, expires_at from revocation_log where id = ${event?.id ?? ''}`;
    expect(event).toMatchObject({
      occurred_at: row?.['occurred_at'].getTime(),
      expires_at: row?.['expires_at'].getTime(),
    });
  });

  it('changes nothing of another user, of none, or of what has ended', async () => {
    const { endLiveSession, committed } = directly();
    const [mine, theirs] = [await newSession(), await newSession()];
    const cause = causeOfUser({ requestId: 'req_of-the-test', address: '192.0.2.7' }, mine.owner);
    const end = { owner: mine.owner, reason: 'session_ended', action: 'session.ended' } as const;
    expect(await endLiveSession(cause, { ...end, session: theirs.session })).toBeNull();
    expect(await endLiveSession(cause, { ...end, session: newId('ses') })).toBeNull();
    const unsaid = { ...cause, address: null };
    expect(await endLiveSession(unsaid, { ...end, session: mine.session })).toBeNull();
    await system.sql`update users set status = 'deleted' where id = ${mine.owner}`;
    expect(await endLiveSession(cause, { ...end, session: mine.session })).toBeNull();
    await system.sql`update users set status = 'active' where id = ${mine.owner}`;
    for (const one of [mine, theirs]) {
      expect(await writtenOf(one)).toEqual({
        ended: { ended: false, by_it: null },
        events: [],
        trail: [],
      });
    }
    expect(await endLiveSession(cause, { ...end, session: mine.session })).not.toBeNull();
    expect(await endLiveSession(cause, { ...end, session: mine.session })).toBeNull();
    expect(committed).toHaveLength(1);
    expect((await writtenOf(mine)).trail).toHaveLength(1);
  });
});

async function statementsWaiting(): Promise<number> {
  const waiting = await system.sql`
    select 1 from pg_stat_activity
    where wait_event_type = 'Lock' and datname = current_database()
      and query like 'with "locked"%update "sessions"%'`;
  return waiting.length;
}

/** Logs out that many times while the account is held, and lets go when all of them wait. */
async function logOutMeanwhile(
  { owner, access_token: token }: Session,
  times: number,
  meanwhile: (tx: TransactionSql) => Promise<unknown>,
): Promise<Answer[]> {
  const logouts: Promise<Answer>[] = [];
  await system.sql.begin(async (tx) => {
    await tx`select 1 from users where id = ${owner} for update`;
    for (let n = 0; n < times; n += 1) {
      logouts.push(auth.call('POST', '/v1/logout?wait=0', { token }));
    }
    await expect.poll(statementsWaiting, { timeout: 1_800 }).toBe(times);
    await meanwhile(tx);
  });
  return await Promise.all(logouts);
}

const eventsOf = async ({ session }: Session) =>
  await system.sql`select id from revocation_log where key = ${session}`;

describe('a logout that waits for the account', () => {
  it('ends the session once, of any number that wait', async () => {
    const one = await newSession();
    const answers = await logOutMeanwhile(one, 8, async () => undefined);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ body }) => body.committed_at)).size).toBe(1);
    expect(await eventsOf(one)).toHaveLength(1);
    const trail = await system.sql`
      select detail from audit_log
      where target_id = ${one.session} and action = 'session.logged-out'`;
    expect(trail).toHaveLength(8);
    expect(trail.filter(({ detail }) => detail.changed)).toHaveLength(1);
  });

  it('ends a session that was refreshed meanwhile, and leaves what the refresh wrote', async () => {
    const one = await newSession();
    const [answer] = await logOutMeanwhile(
      one,
      1,
      (tx) => tx`
        update sessions set rotations = rotations + 41, refresh_hash = sha256('other'::bytea)
        where id = ${one.session}`,
    );
    expect(answer?.body.revoked).toEqual({ kind: 'session', id: one.session });
    const [row] = await system.sql`
      select rotations, refresh_hash = sha256('other'::bytea) as other, ended_by
      from sessions where id = ${one.session}`;
    const [event] = await eventsOf(one);
    expect(row).toEqual({ rotations: 41, other: true, ended_by: event?.['id'] });
  });

  it('answers with what has ended it meanwhile, and writes no event of its own', async () => {
    const one = await newSession();
    const by = newId('evt');
    const [answer] = await logOutMeanwhile(one, 1, async (tx) => {
      await tx`
        insert into revocation_log
          (id, kind, key, generation, reason, actor_kind, actor_id, request_id)
        values (${by}, 'subject', ${one.owner}, 1, 'logout_all', 'user', ${one.owner}, 'req_other')`;
      await tx`update sessions set ended_at = now(), ended_by = ${by} where id = ${one.session}`;
    });
    expect(answer?.status).toBe(200);
    expect(answer?.body.revoked).toEqual({ kind: 'subject', id: one.owner });
    expect(await eventsOf(one)).toEqual([]);
  });

  it('keeps no address of a user who was deleted meanwhile', async () => {
    const one = await newSession();
    const addresses = async () =>
      await system.sql`
        select 1 from audit_log a join audit_origins o on o.commitment = a.address
        where a.target_id = ${one.session} and a.action = 'session.logged-out'`;
    await logOutMeanwhile(
      one,
      1,
      (tx) => tx`update users set status = 'deleted' where id = ${one.owner}`,
    );
    expect(await eventsOf(one)).toHaveLength(1);
    expect(await addresses()).toEqual([]);
  });
});

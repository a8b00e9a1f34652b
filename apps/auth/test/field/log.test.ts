/**
 * Faults from the field: the log of revocations, and what operators and receipts say of verifiers.
 *
 * Three verifiers over NATS, whose pushes can be lost: then only grants tell them.
 */
import { newId, Refusal } from '@portcullis/contracts';
import { userClaims } from '@portcullis/contracts/schemas';
import { systemClock, type RevocationFeed } from '@portcullis/verify';
import { Ledger, Replica } from '@portcullis/verify/revocation';
import { natsFeed } from '@portcullis/verify/feeds/nats';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { partOf, startAuthSystem, type AuthSystem } from '../auth-system.ts';
import { connectNats } from '../revocation/instance.ts';

const S = 3_000;
let system: AuthSystem;
let replicas: Replica[];
let deaf = false;

beforeAll(async () => {
  system = await startAuthSystem({ overrides: { PORTCULLIS_MAX_STALENESS_MS: String(S) } });
  replicas = await Promise.all(['user', 'user', 'admin'].map(startVerifier));
  while (states().some((state) => state !== 'LIVE')) await sleep(10);
}, 120_000);

afterAll(async () => {
  await Promise.all(replicas.map(async (replica) => await replica.close()));
  await system.bed.dispose();
});

async function startVerifier(service: string): Promise<Replica> {
  const connection = await connectNats(system.bed);
  const honest = natsFeed({ connection, prefix: system.bed.prefix });
  const feed: RevocationFeed = {
    open: async (listener, as) =>
      await honest.open(
        {
          revocation: (bytes) => (deaf ? undefined : listener.revocation(bytes)),
          numbered: (bytes) => (deaf ? undefined : listener.numbered(bytes)),
          restored: () => listener.restored(),
        },
        as,
      ),
    request: async (request, timeoutMs) => await honest.request(request, timeoutMs),
    acknowledge: (acknowledgement) => honest.acknowledge(acknowledgement),
    deregister: async (deregister) => await honest.deregister(deregister),
    close: async () => await honest.close(),
  };
  const replica = new Replica({
    service,
    policy: 'reject',
    feed,
    ledger: new Ledger(),
    clock: systemClock,
  });
  await replica.start();
  return replica;
}

function states(): string[] {
  return replicas.map(({ state }) => state);
}

/** What each verifier says to that token. */
function verdicts(token: string): string[] {
  const claims = userClaims.parse(partOf(token, 1));
  const { kid } = partOf(token, 0);
  return replicas.map((replica) => {
    try {
      replica.admit(claims, kid);
      return 'accepted';
    } catch (error) {
      if (error instanceof Refusal) return error.code;
      throw error;
    }
  });
}

async function head(): Promise<number> {
  const [row] = await system.sql`select position::int from log_head`;
  return row?.['position'];
}

it('V18: a verifier that has applied everything is not shown as one behind', async () => {
  const before = await head();
  const { access_token: token } = await system.auth.newcomer();
  const { body: receipt } = await system.auth.call('POST', '/v1/logout?wait=5000', { token });
  expect(receipt).toMatchObject({ confirmed: 3, expected: 3 });
  await expect.poll(head, { interval: 5 }).toBe(before + 1);
  const list = await system.auth.query('verifiers.list');
  expect(list.body.verifiers.map(({ behind }: { behind: number }) => behind)).toEqual([0, 0, 0]);
});

it('V13: 700 revocations without a position make no verifier stale, and are enforced', async () => {
  const { access_token: bystander } = await system.auth.newcomer();
  const { access_token: ended } = await system.auth.newcomer();
  const { sid } = partOf(ended, 1);
  const last = newId('evt', Date.now() + 3_600_000); // after the rest, in every order by id
  await system.sql.begin(async (tx) => {
    await tx`select 1 from log_head for update`;
    deaf = true;
    await insert(...Array.from({ length: 700 }, () => ({ id: newId('evt'), key: newId('ses') })));
    await insert({ id: last, key: sid });
    const until = performance.now() + 1.5 * S;
    while (performance.now() < until) {
      expect(states()).toEqual(['LIVE', 'LIVE', 'LIVE']);
      expect(verdicts(bystander)).toEqual(['accepted', 'accepted', 'accepted']);
      await sleep(50);
    }
    expect(verdicts(ended)).toEqual(['invalid_token', 'invalid_token', 'invalid_token']);
  });
  deaf = false;
}, 30_000);

/** On a connection of its own: what is committed while the head is held. */
async function insert(...sessions: { id: string; key: string }[]): Promise<void> {
  await system.sql`insert into revocation_log
    (id, kind, key, reason, expires_at, actor_kind, actor_id, request_id)
    select id, 'session', key, 'logout', clock_timestamp() + interval '1 hour',
      'system', 'test', 'req_test'
    from jsonb_to_recordset(${system.sql.json(sessions)}) as r (id text, key text)`;
}

it('V1: a receipt is true after the database has gone back under the same epoch', async () => {
  const { access_token: bystander } = await system.auth.newcomer();
  const { access_token: ended } = await system.auth.newcomer();
  const backup = await caughtUp();
  await insert(...Array.from({ length: 12 }, () => ({ id: newId('evt'), key: newId('ses') })));
  await caughtUp();
  // The backup: what was numbered since is lost, and the verifiers run on.
  deaf = true;
  await system.sql.begin(async (tx) => {
    await tx`select 1 from log_head for update`;
    await tx`delete from revocation_log where position > ${backup} or position is null`;
    await tx`update verifiers set position = least(position, ${backup})`;
    await tx`update log_head set position = ${backup}`;
  });

  const call = { token: ended };
  const { body: receipt } = await system.auth.call('POST', '/v1/logout?wait=10000', call);
  expect(verdicts(ended), `${receipt.confirmed} of ${receipt.expected}`).not.toContain('accepted');
  expect(receipt.confirmed).toBe(receipt.expected);
  // They have the log as it now is, stay, and need no restart.
  await expect.poll(() => verdicts(bystander)).toEqual(['accepted', 'accepted', 'accepted']);
  expect(verdicts(ended)).toEqual(['invalid_token', 'invalid_token', 'invalid_token']);
  await expect
    .poll(async () => {
      const rows = await system.sql`select position::int from verifiers`;
      return rows.map(({ position }) => position);
    })
    .toEqual([backup + 1, backup + 1, backup + 1]);
}, 30_000);

/** @returns the head, once every verifier has asked from there */
async function caughtUp(): Promise<number> {
  let position = 0;
  await expect
    .poll(
      async () => {
        position = await head();
        const waiting = await system.sql`
          select 1 from revocation_log where position is null
          union all select 1 from verifiers where position < ${position}`;
        return waiting.length;
      },
      { timeout: 10_000 },
    )
    .toBe(0);
  return position;
}

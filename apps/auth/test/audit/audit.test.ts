/** The audit trail: chained, published, guarded by the database, and read by administrators. */
import { connect } from '@nats-io/transport-node';
import { nodeWords, TestProcess } from '@portcullis/testbed';
import type { TransactionSql } from 'postgres';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { verifyAudit } from '../../src/audit/verify-audit.ts';
import { verifyTrail } from '../../src/audit/verify-trail.ts';
import { readAuditHeads } from '../../src/audit/read-audit-heads.ts';
import { readAuditTrail } from '../../src/audit/postgres-audit-trail.ts';
import { ADMIN, startAuthSystem, type AuthInstance, type AuthSystem } from '../auth-system.ts';

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

const places = () => ({
  databaseUrl: system.bed.databaseUrls.auth,
  natsUrl: system.bed.natsUrl,
  prefix: system.bed.prefix,
});

/** @returns what the verification finds, one thing a line */
async function problems(): Promise<string> {
  return (await verifyAudit(places())).problems.join('\n');
}

/** The same as an operator does it. */
async function command(): Promise<{ status: number | string; said: string }> {
  await using verifying = new TestProcess({
    name: 'verify-audit',
    command: process.execPath,
    args: nodeWords('apps/auth/src/commands/verify-audit.ts'),
    env: {
      NODE_ENV: 'test',
      DATABASE_URL: places().databaseUrl,
      NATS_URL: places().natsUrl,
      PORTCULLIS_PREFIX: places().prefix,
    },
  });
  const status = await verifying.exited;
  return { status, said: verifying.log };
}

async function headPosition(): Promise<number> {
  const [row] = await system.sql`select position::int from audit_head`;
  return row?.['position'];
}

const waiting = async (): Promise<number> =>
  (await system.sql`select 1 from audit_log where position is null`).length;

async function heads() {
  const { host, username, password } = new URL(system.bed.natsUrl);
  const connection = await connect({
    servers: host,
    ...(username === '' ? {} : { user: username, pass: password }),
  });
  try {
    return (await readAuditHeads(connection, system.bed.prefix)) ?? [];
  } finally {
    await connection.close();
  }
}

/** Everything that was done is chained, and its head published. */
async function settled(): Promise<number> {
  await expect.poll(waiting).toBe(0);
  const position = await headPosition();
  await expect
    .poll(async () => Math.max(0, ...(await heads()).map((head) => head.position)))
    .toBe(position);
  return position;
}

describe('the trail', () => {
  it('is chained without a gap by two instances at once, and verifies', async () => {
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? first : second).newcomer()),
    );
    const position = await settled();
    const rows = await system.sql`select position::int from audit_log order by position`;
    expect(rows.map((row) => row['position'])).toEqual(rows.map((_, i) => i + 1));
    expect(position).toBe(rows.length);
    expect(rows.length).toBeGreaterThanOrEqual(41);
    expect(await problems()).toBe('');
    const { status, said } = await command();
    expect(said).toContain(`${position} rows hold`);
    expect(status).toBe(0);
  });

  it('no change waits for a holder of the audit head, and the chain catches up', async () => {
    await settled();
    let release = (): void => undefined;
    const holding = system.sql.begin(async (tx) => {
      await tx`select 1 from audit_head for update`;
      await new Promise<void>((resolve) => {
        release = resolve;
      });
    });
    try {
      await Promise.all([first.newcomer(), second.newcomer()]);
      expect(await waiting()).toBeGreaterThanOrEqual(4);
    } finally {
      release();
      await holding;
    }
    await settled();
    expect(await problems()).toBe('');
  });

  it('is guarded by the database: no row is changed, removed, or placed by hand', async () => {
    await settled();
    const { sql } = system;
    for (const attempt of [
      () => sql`update audit_log set actor_id = 'usr_other' where position = 1`,
      () => sql`update audit_log set position = position + 1000000 where position = 1`,
      () => sql`update audit_log set hash = null where position = 1`,
      () => sql`delete from audit_log where position = 1`,
      () => sql`truncate audit_log`,
      () => sql`insert into audit_log
        (action, actor_kind, actor_id, target_kind, target_id, request_id, position, hash)
        values ('x', 'x', 'x', 'x', 'x', 'x', 0, '')`,
    ]) {
      await expect(attempt()).rejects.toThrow('the audit trail is only ever added to');
    }
    for (const attempt of [
      () => sql`update audit_origins set address = '192.0.2.1'`,
      () => sql`truncate audit_origins`,
    ]) {
      await expect(attempt()).rejects.toThrow('a row of audit_origins is never changed');
    }
    expect(await problems()).toBe('');
  });

  it('says who, what, on whom, from where and in which request', async () => {
    const user = await first.newcomer();
    const { body } = await first.query('audit.list', { target: user.session_id });
    expect(body.entries).toHaveLength(1);
    expect(body.entries[0]).toMatchObject({
      action: 'session.logged-in',
      actor: { kind: 'user', id: await system.idOf(user.email) },
      target: { kind: 'session', id: user.session_id },
      address: '127.0.0.1',
      detail: { amr: ['pwd'] },
    });
    expect(body.entries[0].request_id).not.toBe('');
  });

  it('is read in pages, the newest first, which together are everything', async () => {
    const position = await settled();
    const seen: number[] = [];
    let cursor: number | undefined;
    do {
      const { body } = await second.query('audit.list', { limit: 17, cursor });
      seen.push(...body.entries.map((entry: { position: number }) => entry.position));
      cursor = body.next_cursor ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toEqual(Array.from({ length: position }, (_, i) => position - i));
    const actor = await system.idOf(ADMIN.email);
    const { user_id } = { user_id: await system.idOf((await first.newcomer()).email) };
    await first.machine('accounts.disable', { user_id, actor, wait: 0 });
    const { body } = await first.query('audit.list', { actor, action: 'account.disabled' });
    expect(body.entries[0]).toMatchObject({ target: { id: user_id }, actor: { id: actor } });
  });
});

it('is read as it stood at one moment, whatever is chained meanwhile', async () => {
  const verdict = await readAuditTrail(system.sql, (trail) =>
    verifyTrail(
      {
        ...trail,
        async head() {
          const head = await trail.head();
          await first.newcomer();
          await first.query('audit.list', { limit: 1 });
          return head;
        },
      },
      [],
    ),
  );
  expect(await headPosition()).toBeGreaterThan(verdict.head.position);
  expect(verdict.problems).toEqual([]);
});

/** As whoever owns the database can. Chaining waits, as it would otherwise for what this waits for. */
async function asOwner(work: (tx: TransactionSql) => Promise<unknown>): Promise<void> {
  await system.sql.begin(async (tx) => {
    await tx`select 1 from audit_head for update`;
    await tx`alter table audit_log disable trigger user`;
    await work(tx);
    await tx`alter table audit_log enable trigger user`;
  });
}

describe('the verifying command', () => {
  /** Puts everything back afterwards. */
  async function tampered(
    tamper: (tx: TransactionSql, position: number) => Promise<unknown>,
  ): Promise<string> {
    const position = await settled();
    const { sql } = system;
    await sql`create table kept as table audit_log`;
    await sql`create table kept_head as table audit_head`;
    try {
      await asOwner((tx) => tamper(tx, position));
      return await problems();
    } finally {
      await asOwner(async (tx) => {
        await tx`truncate audit_log`;
        await tx`insert into audit_log select * from kept`;
        await tx`update audit_head h set position = k.position, hash = k.hash from kept_head k`;
        await tx`drop table kept, kept_head`;
      });
    }
  }

  beforeEach(async () => {
    expect(await problems()).toBe('');
  });

  /** The position of a row that says from where: what the service does by itself does not. */
  let row: number;

  beforeAll(async () => {
    const [found] = await system.sql`
      select min(position)::int as position from audit_log where address is not null`;
    row = found?.['position'];
  });

  it.each([
    ['who did it', `actor_id = 'usr_other'`],
    ['when', `at = at + interval '1 microsecond'`],
    ['from where', `address = null`],
    ['a detail', `detail = detail || '{"x":1}'`],
    ['its hash', `hash = sha256('x')`],
  ])('names a row in which %s was changed', async (_, change) => {
    const said = await tampered((tx) =>
      tx.unsafe(`update audit_log set ${change} where position = ${row}`),
    );
    expect(said).toMatch(
      new RegExp(`\\brow ${row} \\(sequence \\d+, [a-z.-]+ at .*\\) was changed`),
    );
    expect(said.match(/was changed/g)).toHaveLength(1);
  });

  it('verify-audit reports a row whose IP address was changed, and counts rows whose IP address was deleted', async () => {
    const { sql } = system;
    const position = await settled();
    const [told] = await sql`
      select o.* from audit_origins o join audit_log a on a.address = o.commitment
      where a.position = ${row}`;
    expect(told).toMatchObject({ address: '127.0.0.1' });
    const theAddress = new RegExp(`^the address of row ${row} \\(.*was changed$`, 'm');
    await sql`alter table audit_origins disable trigger user`;
    try {
      await sql`update audit_origins set address = '192.0.2.1' where commitment = ${told?.['commitment']}`;
      expect(await problems()).toMatch(theAddress);
      // The same bytes in all, with the first of the address moved to the end of the salt.
      await sql`
        update audit_origins set address = '27.0.0.1', salt = ${told?.['salt']}::bytea || '1'::bytea
        where commitment = ${told?.['commitment']}`;
      expect(await problems()).toMatch(theAddress);
    } finally {
      await sql`delete from audit_origins where commitment = ${told?.['commitment']}`;
      await sql`alter table audit_origins enable trigger user`;
    }
    expect(await command()).toMatchObject({
      status: 0,
      said: expect.stringMatching(
        new RegExp(`^.*${position} rows hold.*addresses of 1 were taken out`),
      ),
    });
    await sql`insert into audit_origins ${sql([{ ...told }])}`;
    expect((await command()).said).toContain('the addresses of 0 were taken out');
  });

  it('names a row that was deleted', async () => {
    const said = await tampered((tx) => tx`delete from audit_log where position = 9`);
    expect(said).toContain('row 9 was deleted');
  });

  it('names two rows that have changed places', async () => {
    const said = await tampered(async (tx) => {
      await tx`update audit_log set position = -1 where position = 5`;
      await tx`update audit_log set position = 5 where position = 11`;
      await tx`update audit_log set position = 11 where position = -1`;
    });
    expect(said).toMatch(/row 5 \(.*was changed/);
    expect(said).toMatch(/row 11 \(.*was changed/);
    expect(said.match(/was changed/g)).toHaveLength(2);
  });

  it('names rows that were cut off the end, by the head that was published', async () => {
    const said = await tampered(async (tx, position) => {
      await tx`delete from audit_log where position > ${position - 3}`;
      await tx`
        update audit_head h set position = a.position, hash = a.hash
        from audit_log a where a.position = ${position - 3}`;
    });
    expect(said).toMatch(/rows \d+ to \d+ were deleted from the end: their head was published at/);
  });

  it('does not report success while NATS is unavailable', async () => {
    system.bed.proxies.nats.cut();
    try {
      expect(await problems()).toContain('the published heads could not be read');
    } finally {
      system.bed.proxies.nats.mend();
    }
  });

  // The last one: auth publishes the head of what has been rewritten.
  it('shows a trail that was rewritten, hashes and all, by the head that was published', async () => {
    const position = await settled();
    await asOwner(async (tx) => {
      await tx`update audit_log set actor_id = 'usr_other' where position = ${position - 2}`;
      await tx`
        update audit_log set position = null, previous_hash = null, hash = null
        where position >= ${position - 2}`;
      await tx`
        update audit_head h set position = a.position, hash = a.hash
        from audit_log a where a.position = ${position - 3}`;
    });
    // Auth itself computes the hashes anew.
    await first.newcomer();
    await settled();
    const { status, said } = await command();
    expect(status).toBe(1);
    expect(said).toMatch(/was rewritten from a row between \d+ and \d+ on/);
  });
});

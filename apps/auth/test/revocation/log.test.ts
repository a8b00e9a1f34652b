/** The numbering of the log, on a real Postgres, with instances and readers that race. */
import { newId, type EventId, type Numbered } from '@portcullis/contracts';
import { appDatabase, createTestBed, type TestBed } from '@portcullis/testbed';
import postgres from 'postgres';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  connectProtocol,
  type ProtocolConnection,
} from '../../src/database/protocol-connection.ts';
import { postgresRevocationLog } from '../../src/revocation/postgres-revocation-log.ts';
import { seededRandom } from './seeded-random.ts';

let bed: TestBed<'auth'>;
let instances: ProtocolConnection[];
let writer: postgres.Sql;

beforeAll(async () => {
  bed = await createTestBed({ databases: { auth: appDatabase('auth') } });
  instances = [1, 2].map((n) => bed.use(connectProtocol(bed.databaseUrls.auth, `instance ${n}`)));
  writer = postgres(bed.databaseUrls.auth, { max: 30 });
  bed.use({ [Symbol.asyncDispose]: async () => await writer.end() });
}, 120_000);

afterAll(async () => {
  await bed.dispose();
});

async function insert(tx: postgres.ISql): Promise<EventId> {
  const id = newId('evt');
  await tx`insert into revocation_log
    (id, kind, key, reason, expires_at, actor_kind, actor_id, request_id)
    values (${id}, 'session', ${newId('ses')}, 'logout', clock_timestamp() + interval '1 hour',
      'system', 'test', 'req_test')`;
  return id;
}

/** A verifier's view: asks from its position on, and keeps what it was given. */
class Reader {
  readonly known = new Set<EventId>();
  position = 0;

  async read(instance: ProtocolConnection): Promise<void> {
    const page = await postgresRevocationLog(instance.sql).read({
      after: this.position,
      anchor: this.position,
    });
    const places = page.numbered.map(({ position }) => position);
    // Dense, in order, from where it stood: nothing below was invisible.
    expect(places).toEqual(places.map((_, index) => this.position + 1 + index));
    for (const { id } of page.numbered) this.known.add(id);
    if (page.cut) {
      this.position = places.at(-1) ?? this.position;
    } else {
      expect(this.position + places.length).toBe(page.head);
      for (const { id } of page.unnumbered) this.known.add(id);
      this.position = page.head;
    }
  }
}

/** Each begins with what stood last before it, so that they join on to one another without a gap. */
function expectChain(notices: readonly Numbered[]): void {
  const inOrder = notices.toSorted((a, b) => a.first - b.first);
  for (const [index, { first, ids }] of inOrder.entries()) {
    const former = inOrder[index - 1];
    if (former === undefined) continue;
    expect(first).toBe(former.first + former.ids.length - 1);
    expect(ids[0]).toBe(former.ids.at(-1));
    expect(ids.length).toBeGreaterThan(1);
  }
}

describe('the log', () => {
  it.each([1, 2, 3])(
    'numbers densely and visibly in order, and shows every reader all that was committed before it asked (seed %i)',
    async (seed) => {
      const random = seededRandom(seed);
      const committed: EventId[] = [];
      const state = { writing: true };
      const writers = Array.from({ length: 20 }, async () => {
        for (let i = 0; i < 12; i += 1) {
          const id = await writer.begin(async (tx) => {
            const row = await insert(tx);
            await sleep(random() * 25); // begins early, commits late
            return row;
          });
          committed.push(id);
        }
      });
      const notices: Numbered[] = [];
      const numberers = instances.map(async ({ sql }) => {
        const log = postgresRevocationLog(sql);
        while (state.writing) {
          const notice = await log.number();
          if (notice !== undefined) notices.push(notice);
          await sleep(random() * 3);
        }
      });
      const readers = Array.from({ length: 4 }, async () => {
        const reader = new Reader();
        while (state.writing) {
          const before = [...committed];
          const instance = instances[Math.floor(random() * instances.length)];
          if (instance !== undefined) await reader.read(instance);
          for (const id of before) expect(reader.known.has(id), `seed ${seed}`).toBe(true);
          await sleep(random() * 5);
        }
      });
      const done = Promise.all(writers).finally(() => {
        state.writing = false;
      });
      await Promise.all([done, ...numberers, ...readers]);
      expectChain(notices);
    },
    60_000,
  );

  it('answers though an instance was paused while it held the right to number', async () => {
    const [first, second] = instances;
    if (first === undefined || second === undefined) throw new Error('two instances');
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const paused = writer.begin(async (tx) => {
      await tx`select 1 from log_head for update`;
      await held;
    });
    await sleep(50);
    const id = await insert(writer);
    const began = performance.now();
    const page = await postgresRevocationLog(second.sql).read({ after: 0, anchor: 0 });
    expect(performance.now() - began).toBeLessThan(500);
    const all = [...page.numbered, ...page.unnumbered].map((event) => event.id);
    // Numbered or not, it is part of the answer (the page may be cut, then the next one has it).
    expect(page.cut || all.includes(id)).toBe(true);
    await expect(postgresRevocationLog(first.sql).number()).rejects.toThrow(/lock timeout/);
    release();
    await paused;
    await postgresRevocationLog(first.sql).number();
  });

  it('numbering goes on when a process holds the head and does nothing', async () => {
    const [first] = instances;
    if (first === undefined) throw new Error('an instance');
    const stuck = first.sql.begin(async (tx) => {
      await tx`select 1 from log_head for update`;
      await sleep(2_500); // longer than the session may idle in a transaction
      await tx`select 1`;
    });
    await expect(stuck).rejects.toThrow();
    await insert(writer);
    await postgresRevocationLog(first.sql).number();
  });
});

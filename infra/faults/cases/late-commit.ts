import type { Fault } from '../fault.ts';
import { newId } from '@portcullis/contracts';
import { setTimeout as sleep } from 'node:timers/promises';

/** Rows that are numbered while the older one has not committed. */
const YOUNGER = 3;

export const lateCommit: Fault = {
  name: 'late-commit',
  about: 'a transaction that began early commits a revocation late, and no push is sent',
  takes: ({ maxStalenessMs }) => 1.5 * maxStalenessMs + 1_500,
  async run({ stage, traffic, anInstance, endUnder, expect, maxStalenessMs }) {
    const { token } = await traffic.newSession();
    const id = newId('evt');
    await stage.log.sql.begin(async (tx) => {
      await tx`
        insert into revocation_log
          (id, kind, key, reason, expires_at, actor_kind, actor_id, request_id)
        values (${id}, 'session', ${token.sid}, 'administrator',
          clock_timestamp() + interval '30 minutes', 'system', 'faults', ${id})`;
      await tx`
        update sessions set ended_at = clock_timestamp(), ended_by = ${id}
        where id = ${token.sid}`;
      await tx`
        insert into audit_log (action, actor_kind, actor_id, target_kind, target_id, request_id)
        values ('session.ended', 'system', 'faults', 'session', ${token.sid}, ${id})`;
      for (let n = 0; n < YOUNGER; n += 1) {
        await endUnder(anInstance(), (await traffic.newSession()).token);
      }
      await sleep(maxStalenessMs / 2);
      traffic.ended(token);
    });
    await sleep(maxStalenessMs + 500);
    await stage.log.look();
    const { rows } = stage.log;
    const late = rows.find((row) => row.id === id);
    const overtaken = rows.filter(
      ({ occurred_at, position }) =>
        late !== undefined &&
        occurred_at > late.occurred_at &&
        position !== null &&
        late.position !== null &&
        position < late.position,
    );
    expect('younger rows got lower positions', overtaken.length >= YOUNGER);
  },
};

/**
 * Rotates the signing key when it has signed for long enough, or is of another algorithm than is
 * configured at the start.
 *
 * Safe with several instances, and however often it is asked: who comes second finds, under the lock of the chain, that it is done.
 * The algorithm is looked at once, at the start: while instances of two configurations run side by
 * side, they must not go on replacing each other's keys.
 */
import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database, Queryable } from '../database/database.ts';
import type { Cause, WithChange } from '../change/unit-of-work.ts';
import { makeKey, type KeyFactory } from './signing-key.ts';
import { addSigningKey, lockKeys, PUBLISHED_AHEAD_SECONDS } from './succession.ts';

export interface ScheduledRotationOptions {
  database: Database;
  withChange: WithChange;
  keyFactory: KeyFactory;
  /** For how long a key signs. */
  days: number;
}

const BY_SCHEDULE: Cause = {
  actor: { kind: 'system', id: 'key-schedule' },
  requestId: 'key-schedule',
  address: null,
};

/** Takes the transaction back: another instance was first. */
class NotDue extends Error {}

/** At the start. */
export async function rotateAtStart(options: ScheduledRotationOptions): Promise<void> {
  const { days, keyFactory } = options;
  await rotateWhen(options, (tx) => isDue(tx, days, keyFactory.algorithm));
}

/** By schedule. */
export async function rotateWhenDue(options: ScheduledRotationOptions): Promise<void> {
  await rotateWhen(options, (tx) => isDue(tx, options.days));
}

async function rotateWhen(
  { withChange, keyFactory, database }: ScheduledRotationOptions,
  due: (queryable: Queryable) => Promise<boolean>,
): Promise<void> {
  if (!(await due(database))) return;
  const key = await makeKey(keyFactory);
  await withChange(BY_SCHEDULE, async ({ tx, audit }) => {
    await lockKeys(tx);
    if (!(await due(tx))) throw new NotDue();
    await addSigningKey(tx, key, PUBLISHED_AHEAD_SECONDS);
    await audit({
      action: 'key.rotated',
      target: { kind: 'key', id: key.kid },
      detail: { algorithm: key.alg },
    });
  }).catch((error: unknown) => {
    if (!(error instanceof NotDue)) throw error;
  });
}

/** Asked of the last key of the chain, which may not sign yet. */
async function isDue(
  queryable: Queryable,
  days: number,
  algorithm: string | null = null,
): Promise<boolean> {
  const [row] = await queryable.execute(sql`
    select active_from < clock_timestamp() - make_interval(days => ${days})
      or alg <> coalesce(${algorithm}::text, alg) as due
    from signing_keys where killed_at is null and retired_at is null
    order by active_from desc, kid desc limit 1`);
  return z.object({ due: z.boolean() }).optional().parse(row)?.due ?? false;
}

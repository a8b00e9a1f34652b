/**
 * Makes the roles of a configuration count.
 *
 * Invariant (SPEC.md A14): the number in the database is only ever raised, and one number is one mapping. So of two
 * instances with different configurations one is refused, and the mapping never goes back and forth between them.
 */
import type { AccessConfig } from '@portcullis/contracts';
import { sql } from 'drizzle-orm';
import type { Cause, WithChange } from '../change/unit-of-work.ts';
import type { Database } from '../database/database.ts';
import { accessMapping } from '../database/schema/index.ts';
import { presentAccess, type PresentAccess } from './present-access.ts';

/** The configuration says something else than the database, under the same number. */
export class OtherAccess extends Error {
  override readonly name = 'OtherAccess';

  constructor(number: number) {
    super(`is ${number}, which another mapping has in the database: raise it`);
  }
}

/** `lower`: the database has a higher number; nothing was changed, and this configuration does not count. */
export type Installed = 'installed' | 'present' | 'lower';

const BY_CONFIGURATION: Cause = {
  actor: { kind: 'system', id: 'configuration' },
  requestId: 'install-access',
  address: null,
};

/** @throws OtherAccess */
export async function installAccess(
  database: Database,
  withChange: WithChange,
  wanted: AccessConfig,
): Promise<Installed> {
  const before = compared(wanted, await presentAccess(database));
  if (before !== 'installed') return before;
  const { result } = await withChange(BY_CONFIGURATION, async ({ tx, audit }) => {
    await tx.select({ id: accessMapping.id }).from(accessMapping).for('update');
    const present = await presentAccess(tx);
    const outcome = compared(wanted, present);
    if (outcome === 'installed') {
      const { number } = wanted;
      await tx
        .update(accessMapping)
        .set({ number, config: wanted, changedAt: sql`clock_timestamp()` });
    }
    await audit({
      action: 'access.changed',
      target: { kind: 'access', id: String(wanted.number) },
      detail: { outcome, from: present.config.number, roles: wanted.roles },
    });
    return outcome;
  });
  return result;
}

function compared(wanted: AccessConfig, { config: present }: PresentAccess): Installed {
  if (wanted.number > present.number) return 'installed';
  if (wanted.number < present.number) return 'lower';
  if (!saysTheSame(wanted, present)) throw new OtherAccess(wanted.number);
  return 'present';
}

/** Whether both are the mapping of one number, in whatever order its names stand. */
export function saysTheSame(one: AccessConfig, other: AccessConfig): boolean {
  return one.number === other.number && canonical(one) === canonical(other);
}

function canonical({ permissions, roles, scopes }: AccessConfig): string {
  const carried = Object.entries(roles).map(([role, names]) => [role, names.toSorted()] as const);
  return JSON.stringify([
    permissions.toSorted(),
    carried.toSorted(([one], [other]) => (one < other ? -1 : 1)),
    scopes.toSorted(),
  ]);
}

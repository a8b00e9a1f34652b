/**
 * Keys that were made and killed after the backup. It has no row of them, so that nothing else here
 * ends them, and no operator could kill them later. A verifier may have fetched such a key and missed
 * its kill: the log has to repeat it, or what an attacker signs with the key is accepted there.
 */
import { and, eq, inArray } from 'drizzle-orm';
import { revocationLog } from '../database/schema/index.ts';
import type { Change } from '../change/unit-of-work.ts';
import type { KeptEvents } from './kept-events.ts';

/** After all keys of the backup were killed. */
export async function killAgain({ tx, revoke, audit }: Change, kept: KeptEvents): Promise<void> {
  const kills = kept.revocations.events.filter((event) => event.kind === 'key');
  if (kills.length === 0) return;
  const kids = kills.map(({ key }) => key);
  const rows = await tx
    .select({ kid: revocationLog.key })
    .from(revocationLog)
    .where(and(eq(revocationLog.kind, 'key'), inArray(revocationLog.key, kids)));
  const killed = new Set(rows.map(({ kid }) => kid));
  for (const { id, key } of kills) {
    if (killed.has(key)) continue;
    killed.add(key);
    await revoke({ kind: 'key', key }, 'key_compromised');
    await audit({
      action: 'key.killed',
      target: { kind: 'key', id: key },
      detail: { repeats: id },
    });
  }
}

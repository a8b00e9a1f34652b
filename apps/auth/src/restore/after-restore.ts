/**
 * Makes a restored backup safe to serve from.
 *
 * A backup undoes what was committed after it, and verifiers remember that: cuts at generations that
 * the restored rows have yet to reach, keys that were killed, positions of a log that ended otherwise.
 * And nothing in the backup knows which of its sessions, links and keys were ended after it. So nothing
 * that the backup could still let in is kept, and all that is given out from now on is newer than
 * anything that was ever given out.
 *
 * In one transaction, while no instance of auth runs:
 *
 * - Every signing key is killed, and a new one signs. Which of them was killed after the backup cannot
 *   be known; a killed key is refused for ever, at verifiers that start later too. So is one that the
 *   backup does not know, where NATS has its kill (`kill-again.ts`).
 * - The generation of the issuer rises, with an entry in the log that never expires. It ends every access
 *   token of before, everywhere, in one entry: of sessions that the backup does not know as well.
 * - Every session, link and waiting mail ends: each may have been ended after the backup. Nonces for
 *   proofs of possession end with their secret, since the backup has lost which proofs were used. Jobs in
 *   Redis may stay: they name a mail, and one that is settled is not sent.
 * - What clients hold for users counts on from the issuer's generation, and so exceeds what was given
 *   out as well.
 * - The generations of users and clients rise by the same step. Verifiers hold cuts of them that were
 *   made after the backup, and would refuse the next token of those that were cut (G4).
 * - The log gets another epoch, so that every verifier starts over, and the registry is emptied.
 *
 * The step is `GENERATION_STEP`, more than anything is raised between two backups. Where the same
 * backup was restored before, its generations were given out once already: the step is then as many
 * times that as it takes to exceed what NATS still has of the issuer (`stepBeyond`).
 *
 * What happened after the backup is read from the event streams of NATS, where they have kept it
 * (`later-events.ts`), and can be repeated (`repeat.ts`): then it comes after all of the above, so that
 * it is newer too. A later run repeats nothing twice: the audit row of each names its event.
 *
 * Safe to run twice: the second run does all of it again, to what the first has left, and costs
 * nothing, since auth was stopped meanwhile. It is no empty run, though: a database cannot say whether it
 * was restored once more since, for the mark of the first run may be in the backup.
 *
 * Every table concerned is locked first, and only then is it looked for running instances: one that starts
 * later waits for the commit, and what it reads is whole.
 */
import type { EventId, KeyId } from '@portcullis/contracts';
import { sql } from 'drizzle-orm';
import * as z from 'zod';
import { hasAdministrator } from '../administration/acting-administrator.ts';
import { makeKey, type KeyFactory } from '../keys/signing-key.ts';
import type { Seal } from '../keys/seal.ts';
import type { Database, Queryable, Transaction } from '../database/database.ts';
import { auditHead, sealedSecrets, verifiers } from '../database/schema/index.ts';
import { replaceEpoch, type ChangedEpoch } from '../revocation/change-epoch.ts';
import type { Cause, Change, WithChange } from '../change/unit-of-work.ts';
import { beAlone, requireStopped } from './alone.ts';
import { endBackup, type EndedBackup } from './end-backup.ts';
import type { KeptEvents } from './kept-events.ts';
import { killAgain } from './kill-again.ts';
import { knownEvents, knownGenerations, newestRow, repeatedEvents } from './known.ts';
import { laterEvents, stepBeyond } from './later-events.ts';
import { repeatEvent, dispositionOf, type Assessed } from './repeat.ts';

/** More than any generation is raised between two backups. */
export const GENERATION_STEP = 1_000_000;

export interface AfterRestoreOptions {
  database: Database;
  withChange: WithChange;
  keyFactory: KeyFactory;
  /** What NATS has kept; null: NATS could not be asked. */
  kept: KeptEvents | null;
  /** Repeat what happened after the backup, as far as it is known. */
  apply: boolean;
  /** Whether a login needs a verified address. */
  requireVerifiedEmail: boolean;
  /** Roll everything back in the end. */
  dryRun: boolean;
}

export interface Restored extends EndedBackup {
  /** The newest row of the backup that dates it, as far as that can be known. */
  newest: Date | null;
  later: Assessed[];
  hasAdministrator: boolean;
  epoch: ChangedEpoch;
  step: number;
  newKey: KeyId;
  /** Registrations that were dropped, and the greatest S among them in milliseconds. */
  verifiers: number;
  maxStalenessMs: number;
}

const BY_OPERATOR: Cause = {
  actor: { kind: 'system', id: 'after-restore' },
  requestId: 'after-restore',
  address: null,
};

/** Takes the transaction of a dry run back. */
class DryRun extends Error {
  override readonly name = 'DryRun';
  readonly restored: Restored;
  constructor(restored: Restored) {
    super('nothing was changed');
    this.restored = restored;
  }
}

/**
 * @throws RestoreRefused, and nothing has changed
 * @throws SealError when the backup was sealed with another key-encryption key
 */
export async function afterRestore(options: AfterRestoreOptions): Promise<Restored> {
  const { database, withChange, keyFactory, dryRun, kept } = options;
  await requireStopped(database);
  await requireSeal(database, keyFactory.seal);
  const newKey = await makeKey(keyFactory);
  try {
    const { result } = await withChange(BY_OPERATOR, async (change) => {
      const { tx } = change;
      await beAlone(tx);
      const newest = await newestRow(tx);
      const known = kept === null ? new Set<EventId>() : await knownEvents(tx, kept);
      const step = await stepFor(tx, kept);
      const registry = await dropRegistry(change);
      const ended = await endBackup(change, newKey, step);
      if (kept !== null) await killAgain(change, kept);
      const epoch = await replaceEpoch(change);
      const later = kept === null ? [] : await tellLater(change, kept, known, options.apply);
      const restored = {
        ...ended,
        ...registry,
        epoch,
        step,
        newKey: newKey.kid,
        newest,
        later,
        hasAdministrator: await hasAdministrator(tx, options.requireVerifiedEmail),
      };
      await change.audit({
        action: 'log.restored',
        target: { kind: 'log', id: epoch.to },
        detail: { ...detailOf(restored), ...(await trailOf(tx, kept)) },
      });
      if (dryRun) throw new DryRun(restored);
      return restored;
    });
    return result;
  } catch (error) {
    if (error instanceof DryRun) return error.restored;
    throw error;
  }
}

function detailOf(restored: Restored): Record<string, unknown> {
  const { epoch, killed, later, newest, step, generation, newKey } = restored;
  return {
    newest: newest?.toISOString() ?? null,
    former_epoch: epoch.from,
    step,
    generation,
    killed,
    new_key: newKey,
    sessions: restored.sessions,
    later: later.length,
  };
}

/** Where the audit trail was cut, so that `verify-audit` can report what the restore has lost. */
async function trailOf(
  tx: Transaction,
  kept: KeptEvents | null,
): Promise<{ trail_position: number; heads_until: number | null }> {
  const [head] = await tx.select({ position: auditHead.position }).from(auditHead);
  return { trail_position: head?.position ?? 0, heads_until: kept?.auditHeads ?? null };
}

async function stepFor(tx: Transaction, kept: KeptEvents | null): Promise<number> {
  if (kept === null) return GENERATION_STEP;
  return stepBeyond(kept, await knownGenerations(tx, kept), GENERATION_STEP);
}

/** Reports what happened after the backup, in its order; and repeats it where possible, if asked to. */
async function tellLater(
  change: Change,
  kept: KeptEvents,
  known: ReadonlySet<EventId>,
  apply: boolean,
): Promise<Assessed[]> {
  const repeated = await repeatedEvents(change.tx);
  const assessed: Assessed[] = [];
  for (const later of laterEvents(kept, known)) {
    const disposition = await dispositionOf(change.tx, later, repeated);
    if (apply && disposition.todo === 'repeat') await repeatEvent(change, later);
    assessed.push({ ...later, disposition });
  }
  return assessed;
}

/** Before anything is killed that could not be replaced. */
async function requireSeal(on: Queryable, seal: Seal): Promise<void> {
  for (const { name, sealed } of await on.select().from(sealedSecrets)) seal.open(name, sealed);
}

async function dropRegistry({
  tx,
}: Change): Promise<Pick<Restored, 'verifiers' | 'maxStalenessMs'>> {
  const [row] = await tx.execute(sql`
    select coalesce(max(max_staleness_ms), 0) as greatest from ${verifiers}`);
  const { greatest } = z.object({ greatest: z.number() }).parse(row);
  const { count } = await tx.delete(verifiers);
  return { verifiers: count, maxStalenessMs: greatest };
}

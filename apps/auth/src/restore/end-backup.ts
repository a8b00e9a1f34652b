/** Ends all that a backup could let in, and puts what comes above all that was ever given out. */
import type { EventId, KeyId } from '@portcullis/contracts';
import { eq, isNull, sql } from 'drizzle-orm';
import * as z from 'zod';
import type { NewKey } from '../keys/signing-key.ts';
import { addSigningKey, lockKeys } from '../keys/succession.ts';
import type { Transaction } from '../database/database.ts';
import {
  clients,
  issuer,
  links,
  mails,
  sealedSecrets,
  sessions,
  signingKeys,
  totpFactors,
  users,
} from '../database/schema/index.ts';
import type { Change } from '../change/unit-of-work.ts';
import { RestoreRefused } from './refused.ts';

/** The greatest that a token can hold (`claims.ts`), and a column. */
const MAX_GENERATION = 2_147_483_647;

export interface EndedBackup {
  /** The issuer's generation from now on. */
  generation: number;
  killed: KeyId[];
  sessions: number;
  links: number;
  mails: number;
  users: number;
  clients: number;
}

/** Among the sealed secrets, the one that no token and no link derives from. */
const NONCES = 'dpop-nonces';

const now = sql`clock_timestamp()`;
/** That of the step after the present one (factor/one-time-code.ts). */
const lastStep = sql`floor(extract(epoch from ${now}) / 30)::bigint + 1`;

/** @param step what every generation rises by */
export async function endBackup(
  change: Change,
  newKey: NewKey,
  step: number,
): Promise<EndedBackup> {
  const { tx } = change;
  await requireRoom(tx, step);
  const killed = await replaceKeys(change, newKey);
  const { generation, event } = await raiseIssuer(change, step);
  const raisedUsers = await tx
    .update(users)
    .set({ generation: sql`${users.generation} + ${step}` });
  const raisedClients = await tx
    .update(clients)
    .set({ generation: sql`${clients.generation} + ${step}` });
  const endedSessions = await tx
    .update(sessions)
    .set({ endedAt: now, endedBy: event })
    .where(isNull(sessions.endedAt));
  const usedLinks = await tx.update(links).set({ usedAt: now }).where(isNull(links.usedAt));
  const settledMails = await tx
    .update(mails)
    .set({
      outcome: 'obsolete',
      settledAt: now,
      address: null,
      handover: null,
      handoverLapsesAt: null,
    })
    .where(isNull(mails.settledAt));
  await tx.delete(sealedSecrets).where(eq(sealedSecrets.name, NONCES));
  // A code of an app may have been used after the backup; what could still be one is good no more.
  await tx
    .update(totpFactors)
    .set({ lastStep: sql`greatest(${totpFactors.lastStep}, ${lastStep})` });
  return {
    generation,
    killed,
    sessions: endedSessions.count,
    links: usedLinks.count,
    mails: settledMails.count,
    users: raisedUsers.count,
    clients: raisedClients.count,
  };
}

async function requireRoom(tx: Transaction, step: number): Promise<void> {
  const [row] = await tx.execute(sql`
    select greatest(
      (select max(generation) from users), (select max(generation) from clients),
      (select i.generation + coalesce((select max(generation) from client_subjects), 0)
        from issuer i)) as greatest`);
  const { greatest } = z.object({ greatest: z.number() }).parse(row);
  if (greatest + step <= MAX_GENERATION) return;
  throw new RestoreRefused(
    `a generation is ${greatest}, and ${step} more is beyond ${MAX_GENERATION}. ` +
      'Restore another backup: it cannot be distinguished from what came after it.',
  );
}

async function replaceKeys({ tx, revoke }: Change, newKey: NewKey): Promise<KeyId[]> {
  await lockKeys(tx);
  const rows = await tx
    .update(signingKeys)
    .set({ killedAt: now })
    .where(isNull(signingKeys.killedAt))
    .returning({ kid: signingKeys.kid });
  for (const { kid } of rows) await revoke({ kind: 'key', key: kid }, 'key_compromised');
  await addSigningKey(tx, newKey, 0);
  return rows.map(({ kid }) => kid);
}

async function raiseIssuer(
  { tx, revoke }: Change,
  step: number,
): Promise<{ generation: number; event: EventId }> {
  const [row] = await tx
    .update(issuer)
    .set({ generation: sql`${issuer.generation} + ${step}` })
    .returning();
  if (row === undefined) throw new Error('the issuer has no row: run the migration first');
  const { generation } = row;
  const event = await revoke({ kind: 'issuer', key: 'issuer', generation }, 'break_glass');
  return { generation, event };
}

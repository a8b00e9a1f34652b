import {
  clientSubjectOf,
  FIRST_PARTY_CLIENT,
  Refusal,
  type ClientId,
  type RevocationReason,
  type UserId,
} from '@portcullis/contracts';
import { and, eq, isNull, sql } from 'drizzle-orm';
import type { Change } from '../change/unit-of-work.ts';
import {
  clients,
  clientSubjects,
  issuer,
  loginChallenges,
  sessions,
  users,
} from '../database/schema/index.ts';
import { clientSubjectGeneration } from '../token/mint.ts';

/**
 * Ends all that one client holds for one user, sessions and tokens, by one cut. Other clients of the user and other
 * users of the client keep what they hold. A login that waits for another step is the first-party client's. The caller
 * holds the user's row.
 *
 * Invariant: no token of the new generation is given out for what this ends. Every login of the user waits for that
 * row; one that has waited sees `client_revocations`, and opens nothing by what it read before. A refresh waits for the
 * row of its session, and finds that it has ended (rotate-statement.ts). The generation counts on from the issuer's,
 * whose row this holds until it commits: were the issuer cut in between, a token of before this could be above it.
 *
 * @throws Refusal `not_found` for a client that is none
 */
export async function revokeClientAccess(
  { tx, revoke }: Change,
  user: UserId,
  client: ClientId,
  reason: RevocationReason,
): Promise<void> {
  const [known] = await tx.select({ id: clients.id }).from(clients).where(eq(clients.id, client));
  if (known === undefined) throw new Refusal('not_found');
  await tx
    .insert(clientSubjects)
    .values({ clientId: client, userId: user, generation: 1 })
    .onConflictDoUpdate({
      target: [clientSubjects.userId, clientSubjects.clientId],
      set: { generation: sql`${clientSubjects.generation} + 1` },
    });
  await tx
    .update(users)
    .set({ clientRevocations: sql`${users.clientRevocations} + 1` })
    .where(eq(users.id, user));
  // A statement of its own: what is selected beside a lock is of before the wait for it.
  await tx.select({ id: issuer.id }).from(issuer).for('share');
  const [row] = await tx.select({ generation: clientSubjectGeneration(client, user) }).from(issuer);
  if (row === undefined) throw new Error('there is no issuer');
  const key = clientSubjectOf(client, user);
  const event = await revoke({ kind: 'client_subject', key, generation: row.generation }, reason);
  await tx
    .update(sessions)
    .set({ endedAt: sql`clock_timestamp()`, endedBy: event })
    .where(and(eq(sessions.userId, user), eq(sessions.clientId, client), isNull(sessions.endedAt)));
  if (client !== FIRST_PARTY_CLIENT) return;
  await tx.delete(loginChallenges).where(eq(loginChallenges.userId, user));
}

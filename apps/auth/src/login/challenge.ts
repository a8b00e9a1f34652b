/**
 * A login that waits for one more step.
 *
 *   open ──right answer──▶ used            its session is there, by the same statement
 *    │ ──MAX_ATTEMPTS wrong ones──▶ exhausted
 *    │ ──LIFE_S──▶ expired
 *    └──the account's generation rises, or its status changes──▶ dead
 *
 * Invariants:
 * - It opens one session at most, however many right answers come at once (session/open-session.ts).
 * - An answer is looked at only after it was counted, by one conditional UPDATE: of any number at once at most
 *   MAX_ATTEMPTS are.
 * - It is worth something only to the client that has proved the password: in the same network, with the same
 *   key or without one. It is bound to the account as the password was checked against it: a change of
 *   password, a disable and "log out everywhere" end it. After a restore every generation is another one.
 * - All that is wrong with it is answered alike.
 */
import type { Challenged, RequestContext } from '@portcullis/api';
import { Refusal, type UserId } from '@portcullis/contracts';
import { and, eq, gt, isNull, lt, sql } from 'drizzle-orm';
import { causeOfUser } from '../change/cause.ts';
import type { WithChange } from '../change/unit-of-work.ts';
import type { Database } from '../database/database.ts';
import { loginChallenges, users } from '../database/schema/index.ts';
import { networkOf } from '../limits/network.ts';
import { lockUser } from '../users/lock-user.ts';
import { hashOfChallengeToken, newChallengeToken } from './challenge-token.ts';
import type { CheckedUser } from './check-credentials.ts';
import { PASSWORD_AMR } from './factor.ts';

/** Seconds. */
export const LIFE_S = 5 * 60;
/** Answers that are looked at. */
export const MAX_ATTEMPTS = 5;

export interface OpenChallenge {
  tokenHash: Buffer;
  user: UserId;
  generation: number;
  /** The key of the account's address, which attempts are counted by. */
  account: string;
  network: string;
  jkt: string | undefined;
  amr: string[];
  methods: string[];
}

export interface WantedChallenge {
  user: CheckedUser;
  /** The thumbprint of the key that the client proved (RFC 9449); undefined: none. */
  jkt: string | undefined;
  methods: readonly string[];
}

/** The account is another one now than the password was checked against. */
class AccountChanged extends Error {
  override readonly name = 'AccountChanged';
}

/** @returns null when the account is another one now than the password was checked against */
export async function issueChallenge(
  withChange: WithChange,
  request: RequestContext,
  { user: { id, generation }, jkt, methods }: WantedChallenge,
): Promise<Challenged | null> {
  const { text, hash } = newChallengeToken();
  try {
    await withChange(causeOfUser(request, id), async ({ tx, audit }) => {
      const now = await lockUser(tx, id);
      if (now?.status !== 'active' || now.generation !== generation) throw new AccountChanged();
      await tx.insert(loginChallenges).values({
        tokenHash: hash,
        userId: id,
        generation,
        network: networkOf(request.address),
        dpopJkt: jkt ?? null,
        amr: [PASSWORD_AMR],
        methods: [...methods],
        expiresAt: sql`clock_timestamp() + make_interval(secs => ${LIFE_S})`,
      });
      await audit({
        action: 'login.challenged',
        target: { kind: 'user', id },
        detail: { methods },
      });
    });
  } catch (error) {
    if (error instanceof AccountChanged) return null;
    throw error;
  }
  return { challenge: { token: text, methods: [...methods], expires_in: LIFE_S } };
}

const isOpen = and(
  isNull(loginChallenges.usedAt),
  gt(loginChallenges.expiresAt, sql`clock_timestamp()`),
  lt(loginChallenges.attempts, MAX_ATTEMPTS),
);

/**
 * Looks, and counts nothing.
 *
 * @throws Refusal `invalid_challenge`
 */
export async function findChallenge(database: Database, token: string): Promise<OpenChallenge> {
  const tokenHash = hashOfChallengeToken(token);
  if (tokenHash === null) throw invalidChallenge('not a token of a challenge');
  const [row] = await database
    .select({
      user: loginChallenges.userId,
      generation: loginChallenges.generation,
      account: users.emailKey,
      network: loginChallenges.network,
      jkt: loginChallenges.dpopJkt,
      amr: loginChallenges.amr,
      methods: loginChallenges.methods,
    })
    .from(loginChallenges)
    .innerJoin(users, eq(users.id, loginChallenges.userId))
    .where(
      and(
        eq(loginChallenges.tokenHash, tokenHash),
        isOpen,
        eq(users.status, 'active'),
        eq(users.generation, loginChallenges.generation),
      ),
    );
  if (row === undefined || row.account === null)
    throw invalidChallenge('there is none, or no more');
  return { ...row, tokenHash, account: row.account, jkt: row.jkt ?? undefined };
}

/**
 * Counts an answer, before it is looked at.
 *
 * @returns how many there have been, this one included; null: it is used up, exhausted or expired by now
 */
export async function countAttempt(
  database: Database,
  { tokenHash }: OpenChallenge,
): Promise<number | null> {
  const [row] = await database
    .update(loginChallenges)
    .set({ attempts: sql`${loginChallenges.attempts} + 1` })
    .where(and(eq(loginChallenges.tokenHash, tokenHash), isOpen))
    .returning({ attempts: loginChallenges.attempts });
  return row?.attempts ?? null;
}

export function invalidChallenge(reason: string): Refusal {
  return new Refusal('invalid_challenge', { cause: new Error(reason) });
}

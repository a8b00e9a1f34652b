/**
 * Logs in with e-mail address and password.
 *
 * The password is checked without any lock, since that takes long; the session is inserted under the
 * lock of the user's row, and only if the account is still the one that the password was checked
 * against. So a login that races a disable, a deletion, a change of password or "log out everywhere"
 * never leaves a session that outlives it.
 */
import type { AuthService, RequestContext, Tokens } from '@portcullis/api';
import { Refusal, type SessionId, type UserId } from '@portcullis/contracts';
import { and, eq, sql } from 'drizzle-orm';
import { knownRoles } from '../users/account-of-row.ts';
import { emailKey } from '../users/email-key.ts';
import type { PasswordHasher } from '../password/password-hasher.ts';
import type { Database } from '../database/database.ts';
import { users } from '../database/schema/index.ts';
import type { Cause, MakeChange } from '../change/change.ts';
import { endSession } from '../session/end-sessions.ts';
import type { KeepToLimit } from '../session/keep-to-limit.ts';
import { lockOwner } from '../users/lock-user.ts';
import type { OpenedSession, OpenSession } from '../session/open-session.ts';
import type { Mint } from '../token/mint.ts';
import { isAtHome } from './is-at-home.ts';
import type { Limits } from '../limits/limits.ts';

export type LoginOutcome = 'succeeded' | 'refused' | 'limited' | 'overloaded' | 'failed';

/** Times that a password is checked for one request when the account changes meanwhile. */
const MAX_ROUNDS = 2;

export interface LogInDependencies {
  database: Database;
  makeChange: MakeChange;
  openSession: OpenSession;
  keepToLimit: KeepToLimit;
  hasher: PasswordHasher;
  limits: Limits;
  mint: Mint;
  requireVerifiedEmail: boolean;
  observe(outcome: LoginOutcome): void;
}

/** What a password is checked against. */
const checkedFields = {
  id: users.id,
  passwordHash: users.passwordHash,
  generation: users.generation,
  status: users.status,
  emailVerifiedAt: users.emailVerifiedAt,
};
type User = Pick<typeof users.$inferSelect, keyof typeof checkedFields>;

export function createLogIn(dependencies: LogInDependencies): AuthService['logIn'] {
  const { database, makeChange, openSession, keepToLimit, hasher, limits, mint, observe } =
    dependencies;
  const accountByKey = database
    .select(checkedFields)
    .from(users)
    .where(eq(users.emailKey, sql.placeholder('account')))
    .prepare('account_by_key');

  return async ({ request }, { email, password }) => {
    const account = emailKey(email) ?? email;
    try {
      const tokens = await hasher.logins.takeAfter(
        async () => {
          // What is over the bound does not come here: it costs nothing, and counts as no attempt.
          await limits.login(request.address, account, () =>
            isAtHome(database, account, request.address),
          );
          return await limits.judging(request.address, account, () => request.provePossession());
        },
        (jkt) => attempt(request, account, password, jkt),
      );
      observe('succeeded');
      return tokens;
    } catch (error) {
      const outcome = outcomeOf(error);
      observe(outcome);
      if (outcome === 'refused') await limits.wrongPassword(account);
      throw error;
    }
  };

  async function attempt(
    request: RequestContext,
    account: string,
    password: string,
    jkt: string | undefined,
  ): Promise<Tokens> {
    let corrected: Promise<void> | undefined;
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const check = () => checkPassword(account, password);
      // Once it has been taken off the count, there is nothing left to take off.
      const user =
        round === 0 ? await limits.judging(request.address, account, check) : await check();
      demandUsable(user, dependencies);
      // The count is for attackers; that it could not be corrected is no reason to refuse the owner.
      corrected ??= limits.loggedIn(request.address, account).catch(() => undefined);
      // The next login does it, where this one cannot.
      await renewHash(user, password).catch(() => undefined);
      const tokens = await openFor(user, request, jkt);
      await corrected;
      if (tokens !== null) return tokens;
    }
    throw new Refusal('unavailable', { retryAfter: 1 });
  }

  /** @returns undefined for a wrong password, and for an account that is none */
  async function checkPassword(account: string, password: string): Promise<User | undefined> {
    const [found] = await accountByKey.execute({ account });
    const holds = await hasher.verify(found?.passwordHash ?? null, password);
    return holds ? found : undefined;
  }

  /** @returns null when the account is another one now than the password was checked against */
  async function openFor(
    checked: User,
    request: RequestContext,
    jkt: string | undefined,
  ): Promise<Tokens | null> {
    const { id: user, generation } = checked;
    const session = await openSession(request, { user, generation, amr: ['pwd'], jkt });
    if (session === null) return null;
    const { requestId, address } = request;
    const cause: Cause = { actor: { kind: 'user', id: user }, requestId, address };
    try {
      // The tokens first: what cannot be given must not end the session of anybody who has one.
      const tokens = await tokensOf(session, user, jkt);
      if (session.mayBeTooMany) await keepToLimit(cause, user, session.id);
      return tokens;
    } catch (error) {
      // Nobody will ever hold it, and it must not take the place of one that somebody does.
      await endAbandoned(cause, user, session.id).catch(() => undefined);
      throw error;
    }
  }

  async function tokensOf(
    session: OpenedSession,
    user: UserId,
    jkt: string | undefined,
  ): Promise<Tokens> {
    const { accessToken, tokenType, expiresIn } = await mint.forPerson(
      {
        id: user,
        generation: session.generation,
        roles: knownRoles(session.roles),
        session: session.id,
        client: session.client,
        authTime: session.authTime,
        amr: session.amr,
        sessionExpiresAt: session.expiresAt,
        jkt,
      },
      session.facts,
    );
    return {
      access_token: accessToken,
      token_type: tokenType,
      expires_in: expiresIn,
      refresh_token: session.refreshToken.text,
      session_id: session.id,
    };
  }

  async function endAbandoned(cause: Cause, owner: UserId, id: SessionId): Promise<void> {
    await makeChange(cause, async (change) => {
      await lockOwner(change, owner);
      const ended = await endSession(change, id, owner, 'session_ended');
      await change.audit({
        action: 'session.abandoned',
        target: { kind: 'session', id },
        detail: { changed: ended !== null && 'now' in ended },
      });
    });
  }

  /** After the parameters were raised, at the only moment at which the password is known. */
  async function renewHash(user: User, password: string): Promise<void> {
    if (user.passwordHash === null || !hasher.outdated(user.passwordHash)) return;
    const passwordHash = await hasher.hash(password);
    await database
      .update(users)
      .set({ passwordHash })
      .where(and(eq(users.id, user.id), eq(users.passwordHash, user.passwordHash)));
  }
}

/**
 * The same answer for all: that an account exists and is disabled, or waits for its owner to verify the
 * address, is nobody's business, and whoever registered it first may not be the owner.
 *
 * @throws Refusal `invalid_credentials`
 */
function demandUsable(
  user: User | undefined,
  { requireVerifiedEmail }: Pick<LogInDependencies, 'requireVerifiedEmail'>,
): asserts user is User {
  if (user === undefined) throw refused('unknown account or wrong password');
  if (user.status !== 'active') throw refused('the account is not active');
  if (requireVerifiedEmail && user.emailVerifiedAt === null) {
    throw refused('the address is not verified');
  }
}

function refused(reason: string): Refusal {
  return new Refusal('invalid_credentials', { cause: new Error(reason) });
}

function outcomeOf(error: unknown): LoginOutcome {
  if (!(error instanceof Refusal)) return 'failed';
  if (error.code === 'rate_limited') return 'limited';
  if (error.code === 'overloaded') return 'overloaded';
  return error.code === 'invalid_credentials' ? 'refused' : 'failed';
}

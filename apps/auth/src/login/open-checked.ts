import type { RequestContext, Tokens } from '@portcullis/api';
import type { UserId } from '@portcullis/contracts';
import { causeOfUser } from '../change/cause.ts';
import type { WithChange } from '../change/unit-of-work.ts';
import { endAbandoned } from '../session/end-abandoned.ts';
import type { EnforceSessionLimit } from '../session/enforce-session-limit.ts';
import type { OpenSession, Proof } from '../session/open-session.ts';
import type { Mint } from '../token/mint.ts';
import { tokensOf } from './tokens-of.ts';

export interface OpenCheckedDependencies {
  withChange: WithChange;
  openSession: OpenSession;
  enforceSessionLimit: EnforceSessionLimit;
  mint: Mint;
}

/** What all steps together have proved. */
export interface Proved extends Omit<Proof, 'user' | 'generation'> {
  /** As it was when the password was checked. */
  user: { id: UserId; generation: number };
}

/**
 * The last but one step of a login: a session for the account whose password was checked.
 *
 * @returns null when the account is another one now than the password was checked against, the challenge that was
 *   answered is used up or expired, or what a client holds for the account was ended meanwhile: in this last case it
 *   may be tried again
 */
export async function openChecked(
  { withChange, openSession, enforceSessionLimit, mint }: OpenCheckedDependencies,
  request: RequestContext,
  { user: { id: user, generation }, ...proof }: Proved,
): Promise<Tokens | null> {
  const session = await openSession(request, { user, generation, ...proof });
  if (session === null) return null;
  const cause = causeOfUser(request, user);
  try {
    // The tokens first: a login that cannot be answered must not end another session of the user.
    const tokens = await tokensOf(mint, session, user, proof.jkt);
    if (session.mayBeTooMany) await enforceSessionLimit(cause, user, session.id);
    return tokens;
  } catch (error) {
    await endAbandoned(withChange, cause, user, session.id);
    throw error;
  }
}

/**
 * The further step of a login, by the challenge that the first was answered with:
 *
 *   find → admit → same client? → count → check → open → answer
 *
 * Every answer counts as an attempt to log in, against the challenge, and against its user (limits/answers.ts), before
 * it is looked at: a client that has the password may open one challenge after the other. What was counted for both
 * steps is taken off when the session is there, and not before; for the user, when the answer was right.
 */
import type { AuthService, RequestContext, Tokens } from '@portcullis/api';
import { Refusal } from '@portcullis/contracts';
import { causeOfUser } from '../change/cause.ts';
import type { WithChange } from '../change/unit-of-work.ts';
import { networkOf } from '../limits/network.ts';
import { lockUser } from '../users/lock-user.ts';
import { admit, type AdmitDependencies } from './admit.ts';
import {
  countAttempt,
  findChallenge,
  invalidChallenge,
  MAX_ATTEMPTS,
  type OpenChallenge,
} from './challenge.ts';
import type { Factor, Factors } from './factor.ts';
import { isKnownNetwork } from './is-known-network.ts';
import { openChecked, type OpenCheckedDependencies } from './open-checked.ts';
import { outcomeOf, type LoginOutcome } from './outcome.ts';

/** The password, and the answer to the challenge. */
const STEPS = 2;

export interface ContinueLogInDependencies extends AdmitDependencies, OpenCheckedDependencies {
  factors: Factors;
  observe(outcome: LoginOutcome): void;
}

type Input = Parameters<AuthService['continueLogIn']>[1];

export function createContinueLogIn(
  dependencies: ContinueLogInDependencies,
): AuthService['continueLogIn'] {
  const { database, factors, observe } = dependencies;

  return async ({ request }, input) => {
    try {
      const challenge = await findChallenge(database, input.challenge);
      const factor = factorFor(factors, challenge, input);
      const tokens = await answerChallenge(dependencies, request, { challenge, factor, input });
      observe('succeeded');
      return tokens;
    } catch (error) {
      observe(outcomeOf(error));
      throw error;
    }
  };
}

/** @throws Refusal `invalid_request` for a method that was not asked for */
function factorFor(factors: Factors, { methods }: OpenChallenge, { method }: Input): Factor {
  const factor = methods.includes(method) ? factors.named(method) : undefined;
  if (factor !== undefined) return factor;
  const message = 'is none of the methods that the challenge names';
  throw new Refusal('invalid_request', { issues: [{ path: 'method', message }] });
}

interface Answered {
  challenge: OpenChallenge;
  factor: Factor;
  input: Input;
}

async function answerChallenge(
  dependencies: ContinueLogInDependencies,
  request: RequestContext,
  { challenge, factor, input }: Answered,
): Promise<Tokens> {
  const { database, limits, withChange } = dependencies;
  const { account, user, generation, tokenHash } = challenge;
  const counted = <T>(work: () => Promise<T>): Promise<T> =>
    limits.refundOnAbort(request.address, account, work);

  const jkt = await admit(dependencies, request, account);
  requireSameClient(challenge, request, jkt);
  const attempts = await counted(() => countAttempt(database, challenge));
  if (attempts === null) throw invalidChallenge('used up, exhausted or expired meanwhile');
  const isKnown = await counted(() => isKnownNetwork(database, account, request.address));
  const given = { address: request.address, user, isKnownNetwork: isKnown };
  // What is refused stays counted, as everywhere.
  const check = async () => await factor.check(user, input.answer, request);
  const isRight = await limits.answer(given, () => counted(check));
  if (!isRight) {
    await limits.wrongPassword(account);
    if (attempts === MAX_ATTEMPTS) await auditExhaustion(withChange, request, challenge);
    throw new Refusal('challenge_failed');
  }
  const amr = [...challenge.amr, ...factor.amr];
  const proved = {
    user: { id: user, generation },
    jkt,
    amr,
    acr: factor.acr,
    challenge: tokenHash,
  };
  const open = async () => await openChecked(dependencies, request, proved);
  // Once more: what a client holds for the account may have been ended meanwhile, which uses up nothing.
  const tokens = await counted(async () => (await open()) ?? (await open()));
  if (tokens === null) throw invalidChallenge('used up meanwhile, or the account has changed');
  // The count is for attackers; that it could not be corrected is no reason to refuse the owner.
  await limits.loggedIn(request.address, account, STEPS).catch(() => undefined);
  return tokens;
}

/** @throws Refusal `invalid_challenge` */
function requireSameClient(
  challenge: OpenChallenge,
  { address }: RequestContext,
  jkt: string | undefined,
): void {
  if (challenge.network !== networkOf(address)) throw invalidChallenge('of another network');
  if (challenge.jkt !== jkt) throw invalidChallenge('of a client with another key, or without one');
}

/** The password was right: a client that guesses the next step knows it, and its owner is told so. */
async function auditExhaustion(
  withChange: WithChange,
  request: RequestContext,
  { user: id, methods }: OpenChallenge,
): Promise<void> {
  await withChange(causeOfUser(request, id), async (change) => {
    const owner = await lockUser(change.tx, id);
    const address = owner?.email ?? null;
    if (address === null) change.omitAddress();
    else await change.mail({ kind: 'second-step-failed', address, userId: id });
    const target = { kind: 'user', id };
    await change.audit({ action: 'login.challenge-exhausted', target, detail: { methods } });
  });
}

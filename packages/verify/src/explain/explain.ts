/**
 * Why a token is accepted or refused: each check of a verifier once more, by the same functions and in the same
 * order, with the values that were compared. It decides about no request, counts nothing and remembers nothing;
 * test/explain.test.ts holds what it says to what `verify` does.
 *
 * Invariants: as `verify` it asks the issuer for a key only when nothing else is wrong, and waits for nothing else;
 * all that may change is read at one moment, after that wait. It has neither the token nor its signature in it.
 */
import type {
  AccessTokenClaims,
  ErrorCode,
  RefusalReason,
  StalenessPolicy,
} from '@portcullis/contracts';
import { REFUSAL_REASONS } from '@portcullis/contracts/refusal-reasons';
import type { Clock } from '../clock.ts';
import { signatureHolds } from '../jws/signature.ts';
import type { Jwks } from '../keys/jwks.ts';
import { comparisonsWith, reasonAmong } from '../revocation/comparison.ts';
import type { Ledger } from '../revocation/ledger.ts';
import { reasonOfState } from '../revocation/not-fresh.ts';
import type { Replica } from '../revocation/replica.ts';
import type { Expectations } from '../token/claims.ts';
import { problemOfTimes, reasonOfTimes } from '../token/times.ts';
import { nearest } from '../set-up/nearest.ts';
import { quoted } from '../wire/quoted.ts';
import type { ExplainedSteps, Explanation } from './explanation.ts';
import { saidBy, type Said } from './said.ts';

const LETTERS_OF_A_TYPO = 2;

export interface ExplainedBy {
  expected: Expectations;
  keys: Pick<Jwks, 'known' | 'isKilled' | 'seek' | 'status'>;
  ledger: Pick<Ledger, 'leastOf'>;
  replica: Pick<Replica, 'state' | 'freshnessLeftMs' | 'issuerNow'>;
  clock: Pick<Clock, 'wall'>;
  policy: StalenessPolicy;
}

export async function explain(token: string, by: ExplainedBy): Promise<Explanation> {
  const said = saidBy(token, by.expected);
  const isAnswered = await keyIsAnswered(said, by);
  const steps: ExplainedSteps = {
    ...said.steps,
    key: keyStep(said, by, isAnswered),
    signature: signatureStep(said, by),
    freshness: freshnessStep(by),
    time: timeStep(said.claims, by),
    revocation: revocationStep(said, by),
    binding: bindingStep(said.claims),
  };
  const verdict = verdictOf(steps, said.claims, by);
  const { header, payload: claims } = said;
  return { ...verdict, ...adviceFor(verdict.reason, steps), header, claims, steps };
}

function adviceFor(
  reason: RefusalReason | undefined,
  { audience }: ExplainedSteps,
): {
  code: ErrorCode | undefined;
  next: string | undefined;
} {
  if (reason === undefined) return { code: undefined, next: undefined };
  const advice = REFUSAL_REASONS[reason];
  return reason === 'other_audience' ? { ...advice, next: nextForAudience(audience) } : advice;
}

/** @returns both audiences, and what each of the three causes asks for; a typo is the likeliest */
function nextForAudience({ said, expected }: ExplainedSteps['audience']): string {
  const all = [said].flat();
  const [ofToken, own] = [all.join(', '), expected].map(quoted);
  const texts = all.filter((one) => typeof one === 'string');
  const near = nearest(expected, texts, LETTERS_OF_A_TYPO);
  const hint = near === undefined ? '' : `, which is nearly ${quoted(near)}`;
  return (
    `the token is for ${ofToken}, and this verifier for ${own}${hint}: mend the option \`audience\` where that is a typo; ` +
    'have the client or the login that asked for the token (`resource`, or the audiences of its registration) ask for ' +
    'this one; or, where `npm run service -- list` and `PORTCULLIS_AUDIENCES` of auth lack it, add it and sign in again'
  );
}

/**
 * Waits for a key that is not known; not for that of a token with which anything else is wrong.
 *
 * @returns false: the issuer could not be asked whether it is one
 */
async function keyIsAnswered(
  { parsed, steps }: Said,
  { keys }: Pick<ExplainedBy, 'keys'>,
): Promise<boolean> {
  const isOurs = Object.values(steps).every(({ outcome }) => outcome === 'holds');
  if (parsed === undefined || !isOurs) return true;
  if (keys.known(parsed.kid) !== undefined || keys.isKilled(parsed.kid)) return true;
  try {
    await keys.seek(parsed.kid);
    return true;
  } catch {
    return false;
  }
}

function keyStep(
  { parsed, header }: Said,
  { keys }: ExplainedBy,
  isAnswered: boolean,
): ExplainedSteps['key'] {
  const seen = { kid: header?.['kid'], killed: undefined, keySet: keys.status };
  if (parsed === undefined) return { outcome: 'unknown', ...seen };
  const killed = keys.isKilled(parsed.kid);
  if (keys.known(parsed.kid) !== undefined) return { outcome: 'holds', ...seen, killed };
  if (killed) return { outcome: 'fails', reason: 'key_killed', ...seen, killed };
  return isAnswered
    ? { outcome: 'fails', reason: 'key_unknown', ...seen, killed }
    : { outcome: 'unknown', reason: 'key_set_unavailable', ...seen, killed };
}

function signatureStep({ parsed }: Said, { keys }: ExplainedBy): ExplainedSteps['signature'] {
  const key = parsed === undefined ? undefined : keys.known(parsed.kid);
  if (parsed === undefined || key === undefined) return { outcome: 'unknown' };
  return signatureHolds(parsed, key)
    ? { outcome: 'holds' }
    : { outcome: 'fails', reason: 'signature_wrong' };
}

function freshnessStep({ replica, policy }: ExplainedBy): ExplainedSteps['freshness'] {
  const { state } = replica;
  const seen = { state, leftMs: replica.freshnessLeftMs, policy };
  if (state === 'LIVE') return { outcome: 'holds', ...seen };
  return { outcome: 'unknown', reason: reasonOfState(state), ...seen };
}

function timeStep(
  claims: AccessTokenClaims | undefined,
  { replica, clock }: ExplainedBy,
): ExplainedSteps['time'] {
  const localNowMs = clock.wall();
  const now = replica.issuerNow();
  // There is no time of the issuer's before its first word.
  if (!Number.isFinite(now)) {
    const unknown = { expiresInMs: undefined, issuerNowMs: undefined, aheadMs: undefined };
    return { outcome: 'unknown', localNowMs, ...unknown };
  }
  const seen = { localNowMs, issuerNowMs: now, aheadMs: localNowMs - now };
  if (claims === undefined) return { outcome: 'unknown', ...seen, expiresInMs: undefined };
  const expiresInMs = claims.exp * 1_000 - now;
  const problem = problemOfTimes(claims, now);
  if (problem === undefined) return { outcome: 'holds', ...seen, expiresInMs };
  return { outcome: 'fails', reason: reasonOfTimes(problem), ...seen, expiresInMs };
}

/** What is known to be revoked is so, however old the knowledge; that nothing is known says something only while fresh. */
function revocationStep(
  { claims, parsed }: Said,
  { ledger, replica }: ExplainedBy,
): ExplainedSteps['revocation'] {
  if (claims === undefined || parsed === undefined) return { outcome: 'unknown', kinds: [] };
  const kinds = comparisonsWith(ledger, claims, parsed.kid);
  const reason = reasonAmong(kinds);
  if (reason !== undefined) return { outcome: 'fails', reason, kinds };
  return { outcome: replica.state === 'LIVE' ? 'holds' : 'unknown', kinds };
}

function bindingStep(claims: AccessTokenClaims | undefined): ExplainedSteps['binding'] {
  if (claims === undefined) return { outcome: 'unknown', jkt: undefined };
  const jkt = claims.cnf?.jkt;
  if (jkt === undefined) return { outcome: 'holds', jkt };
  return { outcome: 'fails', reason: 'proof_missing', jkt };
}

/** As `verify`: the first step that does not hold; and what the policy puts in the place of freshness. */
function verdictOf(
  steps: ExplainedSteps,
  claims: AccessTokenClaims | undefined,
  { clock, policy }: ExplainedBy,
): Pick<Explanation, 'outcome' | 'reason'> {
  const { freshness, time, revocation, binding, ...signed } = steps;
  const reason = firstReason(Object.values(signed));
  if (reason !== undefined) return { outcome: 'refused', reason };
  if (freshness.outcome === 'holds') return refusedOr('accepted', [time, revocation, binding]);
  const stays =
    policy === 'reject' || freshness.state === 'CLOSED' || revocation.outcome === 'fails';
  if (stays || claims === undefined) return { outcome: 'refused', reason: freshness.reason };
  if (policy === 'introspect') return { outcome: 'undecided', reason: undefined };
  const isTimely = problemOfTimes(claims, clock.wall()) === undefined;
  return isTimely
    ? refusedOr('accepted', [binding])
    : { outcome: 'refused', reason: freshness.reason };
}

type Reasoned = { reason?: RefusalReason | undefined };

function refusedOr(
  outcome: 'accepted',
  steps: readonly Reasoned[],
): Pick<Explanation, 'outcome' | 'reason'> {
  const reason = firstReason(steps);
  return { outcome: reason === undefined ? outcome : 'refused', reason };
}

function firstReason(steps: readonly Reasoned[]): RefusalReason | undefined {
  return steps.find(({ reason }) => reason !== undefined)?.reason;
}

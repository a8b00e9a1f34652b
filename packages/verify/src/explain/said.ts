/** What a token says by itself, step by step, whether it can be ours or not. Nothing of it is to be believed. */
import type { AccessTokenClaims, RefusalReason } from '@portcullis/contracts';
import { isMeantFor, problemOfLife, readOwnClaims, type Expectations } from '../token/claims.ts';
import { MAX_TOKEN_LENGTH, parseToken, type ParsedToken } from '../token/parse.ts';
import { reasonOfFault } from '../token/token-fault.ts';
import { parseStrictJson } from '../wire/strict-json.ts';
import type { ExplainedSteps } from './explanation.ts';

type Json = Record<string, unknown>;

export interface Said {
  /** Undefined where its form is another one. */
  parsed: ParsedToken | undefined;
  header: Json | undefined;
  payload: Json | undefined;
  /** Undefined where they have another form. */
  claims: AccessTokenClaims | undefined;
  steps: Pick<ExplainedSteps, 'form' | 'issuer' | 'claims' | 'audience' | 'life'>;
}

/** @param token callers without types give anything */
export function saidBy(token: unknown, expected: Expectations): Said {
  const form = attempt(() => parseToken(demandText(token)));
  const [header, payload] = [segmentOf(token, 0), form.value?.payload ?? segmentOf(token, 1)];
  const own = payload === undefined ? undefined : attempt(() => readOwnClaims(payload));
  const claims = own?.value;
  return {
    parsed: form.value,
    header,
    payload,
    claims,
    steps: {
      form: { ...stepOf(form), length: typeof token === 'string' ? token.length : 0 },
      issuer: issuerStep(payload, expected),
      claims: own === undefined ? { outcome: 'unknown', problem: undefined } : stepOf(own),
      audience: audienceStep(payload, claims, expected),
      life: lifeStep(claims, expected),
    },
  };
}

type Attempt<T> =
  | { value: T; reason?: undefined; problem?: undefined }
  | { value?: undefined; reason: RefusalReason; problem: string };

function attempt<T>(work: () => T): Attempt<T> {
  try {
    return { value: work() };
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : 'it cannot be read';
    return { reason: reasonOfFault(cause), problem };
  }
}

function stepOf({ reason, problem }: Attempt<unknown>) {
  if (reason === undefined) return { outcome: 'holds', problem: undefined } as const;
  return { outcome: 'fails', reason, problem } as const;
}

/** @throws Error */
function demandText(token: unknown): string {
  if (typeof token !== 'string') throw new Error('not text');
  return token;
}

/** Leniently: also where the token is refused for something else. */
function segmentOf(token: unknown, at: 0 | 1): Json | undefined {
  if (typeof token !== 'string' || token.length > MAX_TOKEN_LENGTH) return undefined;
  try {
    return parseStrictJson(Buffer.from(token.split('.', 3)[at] ?? '', 'base64url'));
  } catch {
    return undefined;
  }
}

function issuerStep(
  payload: Json | undefined,
  { issuer: expected }: Expectations,
): ExplainedSteps['issuer'] {
  if (payload === undefined) return { outcome: 'unknown', said: undefined, expected };
  const said = payload['iss'];
  if (said === expected) return { outcome: 'holds', said, expected };
  return { outcome: 'fails', reason: 'other_issuer', said, expected };
}

function audienceStep(
  payload: Json | undefined,
  claims: AccessTokenClaims | undefined,
  { audience: expected }: Expectations,
): ExplainedSteps['audience'] {
  const said = payload?.['aud'];
  if (claims === undefined) return { outcome: 'unknown', said, expected };
  if (isMeantFor(claims, expected)) return { outcome: 'holds', said, expected };
  return { outcome: 'fails', reason: 'other_audience', said, expected };
}

function lifeStep(
  claims: AccessTokenClaims | undefined,
  { maxTokenLifeSeconds: maxSeconds }: Expectations,
): ExplainedSteps['life'] {
  if (claims === undefined) return { outcome: 'unknown', seconds: undefined, maxSeconds };
  const seconds = claims.exp - claims.iat;
  if (problemOfLife(claims, maxSeconds) === undefined) {
    return { outcome: 'holds', seconds, maxSeconds };
  }
  return { outcome: 'fails', reason: 'life_out_of_bounds', seconds, maxSeconds };
}

/** What stands in the way of accepting tokens, in words that name what to change. */
import type { Jwks } from '../keys/jwks.ts';
import type { RevocationFeed } from '../revocation/feed.ts';
import type { Replica } from '../revocation/replica.ts';
import { reasonOf } from '../wire/reason-of.ts';
import type { VerifierProblem } from './problem.ts';

interface Sources {
  jwksUrl: string;
  feed: Pick<RevocationFeed, 'problems'>;
}

const MEANWHILE = '; another way brings grants meanwhile';

const NO_GRANT = 'auth vouches for nothing: its log, and its /readyz, tell why';

export function problemsOf(
  replica: Pick<Replica, 'state'>,
  keys: Pick<Jwks, 'loaded' | 'lastError'>,
  { jwksUrl, feed }: Sources,
): VerifierProblem[] {
  const problems: VerifierProblem[] = [];
  if (!keys.loaded) {
    const why = keys.lastError === undefined ? 'no answer yet' : reasonOf(keys.lastError);
    const reason = `there is no key from ${shown(jwksUrl)}: ${why}; check that auth answers there, and the issuer`;
    problems.push({ of: 'keys', reason });
  }
  const reasons = feed.problems?.() ?? [];
  const { state } = replica;
  if (state !== 'LIVE' && reasons.length === 0) problems.push({ of: 'grants', reason: NO_GRANT });
  const effect = state === 'LIVE' ? MEANWHILE : '';
  for (const reason of reasons) problems.push({ of: 'grants', reason: `${reason}${effect}` });
  return problems;
}

/** A query may hold a secret. */
function shown(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

/** The same for one problem, whether another way brings grants by now or not. */
export function causeOf({ reason }: VerifierProblem): string {
  return reason.replace(MEANWHILE, '');
}

/** Where there is no listener. */
export function warnOf({ reason }: VerifierProblem): void {
  process.emitWarning(`portcullis: ${reason}`);
}

/** @param cause why it is not waited for any longer, whose name it has */
export function notReady(problems: readonly VerifierProblem[], cause?: unknown): Error {
  const reasons = problems.map(({ reason }) => reason).join('; ');
  const error = new Error(`the verifier is not ready: ${reasons || 'it has only begun'}`, {
    cause,
  });
  if (cause instanceof Error) error.name = cause.name;
  return error;
}

import { Refusal, type AccessTokenClaims, type RefusalReason } from '@portcullis/contracts';
import { problemOfTimes, reasonOfTimes } from '../token/times.ts';
import { reasonOfRevocation } from './comparison.ts';
import type { Ledger } from './ledger.ts';

/** That a token held. */
export interface Judged {
  /** The ledger's version, read before the check. */
  judgedAt: number;
}

/**
 * Expiry and the ledger's verdict, which is asked for once for each version of the ledger. Synchronous.
 *
 * @param issuerNow milliseconds since the epoch by the issuer's clock
 * @param judged the remembered verdict: while the ledger is the same, so is its verdict
 * @throws Refusal `invalid_token` or `token_stale`
 */
export function requireValid(
  claims: AccessTokenClaims,
  kid: string,
  ledger: Ledger,
  issuerNow: number,
  judged?: Judged,
): void {
  const problem = problemOfTimes(claims, issuerNow);
  if (problem !== undefined) throw invalid(problem, reasonOfTimes(problem));
  const { version } = ledger;
  if (judged?.judgedAt === version) return;
  switch (ledger.judge(claims, kid)) {
    case 'revoked':
      throw invalid('revoked', reasonOfRevocation(ledger, claims, kid));
    case 'claims_changed':
      throw new Refusal('token_stale', { reason: 'claims_changed' });
    case 'holds':
      if (judged !== undefined) judged.judgedAt = version;
  }
}

function invalid(message: string, reason: RefusalReason | undefined): Refusal {
  return new Refusal('invalid_token', { cause: new Error(message), reason });
}

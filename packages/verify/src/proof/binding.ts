/** Whether a token is bound to a key (RFC 9449 section 7), and comes as one that is. */
import { Refusal, type AccessTokenClaims, type RefusalReason } from '@portcullis/contracts';

/**
 * @param possession what the `DPoP` scheme came with; undefined for a bearer
 * @returns the thumbprint of the key that a proof has to be by; undefined for a token of a bearer
 * @throws Refusal `invalid_token` for a bound token without the scheme, and for any other with it
 */
export function boundKeyOf(
  { cnf }: Pick<AccessTokenClaims, 'cnf'>,
  possession: object | undefined,
): string | undefined {
  if (cnf === undefined && possession === undefined) return undefined;
  if (cnf === undefined) throw invalidToken('not_bound', 'not bound to any key');
  if (possession === undefined) {
    throw invalidToken('proof_missing', 'bound to a key, and offered as a bearer');
  }
  return cnf.jkt;
}

function invalidToken(reason: RefusalReason, message: string): Refusal {
  return new Refusal('invalid_token', { cause: new Error(message), reason });
}

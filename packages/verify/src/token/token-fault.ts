/** What is wrong with a token, for who looks after it: the private cause of a refusal that is the same for all of these. */
import { Refusal, type RefusalReason } from '@portcullis/contracts';

export class TokenFault extends Error {
  override readonly name = 'TokenFault';
  readonly reason: RefusalReason;

  /** @param message constant for its reason, but for names of claims: never a part of the token */
  constructor(reason: RefusalReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** @param cause a `TokenFault`, or what was thrown by a part that reads no more than its form */
export function invalidToken(cause: unknown): Refusal {
  return new Refusal('invalid_token', { cause, reason: reasonOfFault(cause) });
}

export function reasonOfFault(cause: unknown): RefusalReason {
  return cause instanceof TokenFault ? cause.reason : 'token_malformed';
}

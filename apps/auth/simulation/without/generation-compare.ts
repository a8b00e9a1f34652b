import type { AccessTokenClaims, RevocationEvent } from '@portcullis/contracts';
import { Ledger, type Verdict } from '@portcullis/verify/revocation';
import type { Variant } from '../variant.ts';

/** A cut takes every token that was issued before it or in its second, as "not before" has it. */
class NotBeforeLedger extends Ledger {
  readonly #notBefore = new Map<string, number>();

  override apply(event: RevocationEvent): boolean {
    if (event.kind !== 'subject') return super.apply(event);
    const second = Math.floor(event.occurred_at / 1_000);
    const known = this.#notBefore.get(event.key);
    if (known !== undefined && known >= second) return false;
    this.#notBefore.set(event.key, second);
    return true;
  }

  override judge(claims: AccessTokenClaims, kid: string): Verdict {
    const second = this.#notBefore.get(claims.sub);
    return second !== undefined && claims.iat <= second ? 'revoked' : super.judge(claims, kid);
  }
}

export const withoutGenerationCompare: Variant = { ledger: () => new NotBeforeLedger() };

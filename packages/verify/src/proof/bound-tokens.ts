/**
 * Bound tokens, as a verifier takes them. What checks proofs is loaded with the first of them: most services have none.
 *
 * Invariant: no bound token is taken without that check. While it is not loaded, and where it cannot be, they are
 * refused as `unavailable`.
 */
import type { AccessTokenClaims } from '@portcullis/contracts';
import { unavailable } from '../refusals/unavailable.ts';
import { boundKeyOf } from './binding.ts';
import type { Possession, PossessionGuard } from './possession.ts';

export class BoundTokens {
  readonly #issuerNow: () => number;
  /** One, however often it is loaded: it remembers the proofs that were used. */
  #guard: PossessionGuard | undefined;
  #failure: unknown;

  /** @param issuerNow milliseconds since the epoch */
  constructor(issuerNow: () => number) {
    this.#issuerNow = issuerNow;
  }

  /** Before what a token is checked against at one moment: it may take a while. Never throws; `check` does. */
  async load(): Promise<void> {
    if (this.#guard !== undefined) return;
    try {
      const { PossessionGuard } = await import('./possession.ts');
      this.#guard ??= new PossessionGuard(this.#issuerNow);
    } catch (error) {
      this.#failure = error;
    }
  }

  /**
   * @param possession what the `DPoP` scheme came with; undefined for a bearer
   * @throws Refusal as `PossessionGuard.check`; `unavailable` while that is not loaded
   */
  check(
    token: string,
    claims: Pick<AccessTokenClaims, 'cnf'>,
    possession: Possession | undefined,
  ): void {
    if (claims.cnf === undefined && possession === undefined) return;
    boundKeyOf(claims, possession);
    if (this.#guard === undefined) {
      throw unavailable(new Error('proofs cannot be checked', { cause: this.#failure }));
    }
    this.#guard.check(token, claims, possession);
  }
}

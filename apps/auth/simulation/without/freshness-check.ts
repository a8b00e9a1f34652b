import type { Variant } from '../variant.ts';

/** Once it has been fresh, a verifier accepts every token that its ledger does not hold. */
export const withoutFreshnessCheck: Variant = { ignoresFreshness: true };

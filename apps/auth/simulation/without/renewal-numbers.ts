import type { Variant } from '../variant.ts';

/** Grants are counted from one again when a verifier comes back that had been discounted. */
export const withoutRenewalNumbers: Variant = {
  database(database) {
    database.nextRenewal = (former = 0) => former + 1;
  },
};

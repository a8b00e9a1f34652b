import type { Variant } from '../variant.ts';
import { alteredGrants } from './altered-replies.ts';

/** A verifier checks by its own wall clock what expires by the issuer's. */
export const withoutIssuerClock: Variant = {
  feed: (feed, clock) =>
    alteredGrants(feed, (grant) => ({ ...grant, issuer_time: Math.floor(clock.wall()) })),
};

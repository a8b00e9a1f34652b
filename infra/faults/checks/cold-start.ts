import { overlaps } from '../history/history.ts';
import { tell } from '../history/operation.ts';
import type { Check } from './evidence.ts';

/** G5: a verifier that cannot have an answer of the issuer yet accepts nothing. */
export const coldStart: Check = ({ history }) =>
  history.verifications
    .filter((verification) => verification.verdict === 'accepted')
    .filter((verification) =>
      history.forbidden.some((span) => overlaps(span, verification) && verification.end < span.to),
    )
    .map((verification) => `accepted before it could be fresh: ${tell(verification)}`);

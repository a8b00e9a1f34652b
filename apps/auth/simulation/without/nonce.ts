import type { Variant } from '../variant.ts';
import { alteredReplies } from './altered-replies.ts';

/** Any answer is taken for the answer to the pending question. */
export const withoutNonce: Variant = {
  feed: (feed) =>
    alteredReplies(feed, (reply, { nonce, incarnation }) => ({ ...reply, nonce, incarnation })),
};

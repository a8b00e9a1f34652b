import type { Variant } from '../variant.ts';
import { alteredReplies } from './altered-replies.ts';

/** Whatever answer comes is taken for the answer to what was asked. */
export const withoutNonce: Variant = {
  feed: (feed) =>
    alteredReplies(feed, (reply, { nonce, incarnation }) => ({ ...reply, nonce, incarnation })),
};

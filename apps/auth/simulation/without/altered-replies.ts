import type { Grant, GrantReply, GrantRequest } from '@portcullis/contracts';
import { grantReply } from '@portcullis/contracts/schemas';
import type { RevocationFeed } from '@portcullis/verify';
import { bytesOf } from '../bus/bus.ts';

/** A feed whose answers say something else than they did. */
export function alteredReplies(
  feed: RevocationFeed,
  alter: (reply: GrantReply, request: GrantRequest) => GrantReply,
): RevocationFeed {
  return {
    ...feed,
    async request(request, timeoutMs) {
      const bytes = await feed.request(request, timeoutMs);
      const reply = grantReply.parse(JSON.parse(new TextDecoder().decode(bytes)));
      return bytesOf(alter(reply, request));
    },
  };
}

export function alteredGrants(
  feed: RevocationFeed,
  alter: (grant: Grant) => Grant,
): RevocationFeed {
  return alteredReplies(feed, (reply) => (reply.outcome === 'granted' ? alter(reply) : reply));
}

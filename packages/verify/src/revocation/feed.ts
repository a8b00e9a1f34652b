import type { Acknowledgement, Deregistration, GrantRequest } from '@portcullis/contracts';

/** What a feed hands to the replica: bytes as they came, which the replica parses and counts. */
export interface FeedListener {
  /** A pushed revocation event. */
  revocation(bytes: Uint8Array): void;
  /** Positions that were given out. */
  numbered(bytes: Uint8Array): void;
  /** Pushes may have been missed: the link was down and is back. */
  restored(): void;
}

/**
 * The link between a verifier and the issuer. It may lose, repeat, delay and reorder what it
 * carries: that costs speed and never correctness.
 */
export interface RevocationFeed {
  /**
   * Begins to listen. Resolves when pushes published from now on would arrive.
   *
   * @param service the name under which to acknowledge and to deregister
   */
  open(listener: FeedListener, service: string): Promise<void>;
  /**
   * Asks for a grant.
   *
   * @returns the answer as it came
   * @throws when there was none in `timeoutMs`
   */
  request(request: GrantRequest, timeoutMs: number): Promise<Uint8Array>;
  /**
   * Everything in one piece, for a cold start. Where there is none, grants carry it bit by bit.
   *
   * @returns the bytes of a snapshot; they say which log they are of, and up to where
   */
  snapshot?(timeoutMs: number): Promise<Uint8Array>;
  /**
   * What keeps it from being answered, in words that name what to change; nothing while the last question was
   * answered, or was asked so long ago that it says nothing of today.
   */
  problems?(): readonly string[];
  /** Best effort: what is lost is named again in the next request. */
  acknowledge(acknowledgement: Acknowledgement): void;
  /** Best effort: without it the incarnation is discounted once it can no longer be fresh. */
  deregister(deregister: Deregistration): Promise<void>;
  /** Stops listening. What the caller has opened stays open. */
  close(): Promise<void>;
}

import type { UserId } from '@portcullis/contracts';

/**
 * Many addresses at one account, or at the whole service; or a client that has the password of a user, and guesses
 * what it is asked for next.
 */
export type Attack = { kind: 'account' } | { kind: 'spray' } | { kind: 'challenge'; user: UserId };

export type AttackKind = Attack['kind'];

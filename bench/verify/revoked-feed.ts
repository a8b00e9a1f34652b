/**
 * A feed in memory that has a verifier start with very many revocations in force: with a snapshot, as
 * one that is far behind starts, and grants from then on.
 */
import { newId, type GrantReply, type SessionId } from '@portcullis/contracts';
import { revocationEvent } from '@portcullis/contracts/schemas';
import { encodeSnapshot, type RevocationEntry } from '@portcullis/snapshot';
import type { FeedListener, RevocationFeed } from '@portcullis/verify';
import { SessionIds } from '../revocation/session-ids.ts';

const MAX_STALENESS_MS = 5_000;
const LIFE_MS = 3_600_000;

export interface RevokedFeed extends RevocationFeed {
  /** Pushes one more, of a session. */
  revoke(session: SessionId): void;
}

/** @param revoked sessions beside those by the million */
export function revokedFeed(entries: number, revoked: readonly SessionId[]): RevokedFeed {
  const epoch = newId('epo');
  const snapshot = Buffer.concat([
    ...encodeSnapshot({ epoch, position: entries }, sessions(entries - revoked.length, revoked)),
  ]);
  let listener: FeedListener | undefined;
  return {
    open: async (opened) => {
      listener = opened;
    },
    request: async ({ nonce, incarnation, position }) => {
      const reply: GrantReply = {
        version: 1,
        nonce,
        incarnation,
        outcome: 'granted',
        epoch,
        position,
        events: [],
        complete: position >= entries,
        max_staleness_ms: MAX_STALENESS_MS,
        issuer_time: Date.now(),
      };
      return bytesOf(reply);
    },
    snapshot: async () => snapshot,
    acknowledge: () => {},
    deregister: async () => {},
    close: async () => {
      listener = undefined;
    },
    revoke: (session) => {
      const now = Date.now();
      const event = revocationEvent.parse({
        version: 1,
        id: newId('evt'),
        kind: 'session',
        key: session,
        reason: 'logout',
        occurred_at: now,
        expires_at: now + LIFE_MS,
        actor: { kind: 'system', id: 'bench' },
        request_id: 'req_bench',
      });
      listener?.revocation(bytesOf(event));
    },
  };
}

function* sessions(
  count: number,
  more: readonly SessionId[],
): Generator<RevocationEntry, void, void> {
  const expires_at = Date.now() + LIFE_MS;
  const ids = new SessionIds(count);
  for (let i = 0; i < count; i += 1) yield { kind: 'session', key: ids.at(i), expires_at };
  for (const key of more) yield { kind: 'session', key, expires_at };
}

function bytesOf(message: object): Uint8Array {
  return Buffer.from(JSON.stringify(message));
}

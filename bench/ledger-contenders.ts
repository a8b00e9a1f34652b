/** What is compared: the ledger as a verifier has it, and the plainest thing that could be one. */
import {
  clientId,
  encodeSnapshot,
  newId,
  type AccessTokenClaims,
  type RevocationEntry,
  type SessionId,
} from '@portcullis/contracts';
import { Ledger } from '@portcullis/verify';
import type { SessionIds } from './session-ids.ts';

export interface Contender {
  readonly size: number;
  /** @param expiresAt milliseconds since the epoch, as in `evict` */
  add(id: SessionId, expiresAt: number): void;
  has(id: SessionId): boolean;
  evict(now: number): void;
  /** Makes ready what a cold start is given. @returns how to start with it, which is what is timed */
  cold(ids: SessionIds): () => void;
}

/** @param base when the first one expires; one more each millisecond */
export function contenders(base: number): Record<'ours' | 'theirs' | 'nothing', () => Contender> {
  return {
    ours: () => new LedgerContender(base),
    theirs: () => new MapContender(base),
    nothing: () => new Nothing(),
  };
}

/** Judges whole tokens, of which only the session is revoked. */
class LedgerContender implements Contender {
  readonly #base: number;
  readonly #ledger = new Ledger();
  readonly #entry = { kind: 'session' as const, key: newId('ses'), expires_at: 0 };
  readonly #claims: AccessTokenClaims = {
    iss: 'https://issuer.example',
    aud: 'urn:bench',
    sub: newId('usr'),
    sid: newId('ses'),
    jti: newId('tok'),
    client_id: clientId.parse('cli_bench'),
    iat: 1,
    exp: 2,
    auth_time: 1,
    gen: 1,
    cgen: 1,
    igen: 1,
    roles: [],
    amr: ['pwd'],
  };

  constructor(base: number) {
    this.#base = base;
  }

  get size(): number {
    return this.#ledger.size;
  }

  add(id: SessionId, expiresAt: number): void {
    this.#entry.key = id;
    this.#entry.expires_at = expiresAt;
    this.#ledger.apply(this.#entry);
  }

  has(id: SessionId): boolean {
    this.#claims.sid = id;
    return this.#ledger.judge(this.#claims, 'key') === 'revoked';
  }

  evict(now: number): void {
    this.#ledger.evict(now);
  }

  /** A snapshot, as auth sends it. */
  cold(ids: SessionIds): () => void {
    const place = { epoch: newId('epo'), position: ids.count };
    const snapshot = Buffer.concat([...encodeSnapshot(place, entriesOf(ids, this.#base))]);
    return () => this.#ledger.mergeSnapshot(snapshot);
  }
}

function* entriesOf(ids: SessionIds, base: number): Generator<RevocationEntry, void, void> {
  for (let i = 0; i < ids.count; i += 1) {
    yield { kind: 'session', key: ids.at(i), expires_at: base + i };
  }
}

class MapContender implements Contender {
  readonly #base: number;
  readonly #expiries = new Map<string, number>();

  constructor(base: number) {
    this.#base = base;
  }

  get size(): number {
    return this.#expiries.size;
  }

  add(id: SessionId, expiresAt: number): void {
    this.#expiries.set(id, expiresAt);
  }

  has(id: SessionId): boolean {
    return this.#expiries.has(id);
  }

  evict(now: number): void {
    for (const [id, expiresAt] of this.#expiries) {
      if (expiresAt > now) break;
      this.#expiries.delete(id);
    }
  }

  /** The texts of the ids one after the other: it could not be given less to do. */
  cold(ids: SessionIds): () => void {
    return () => {
      for (let i = 0; i < ids.count; i += 1) this.#expiries.set(ids.at(i), this.#base + i);
    };
  }
}

class Nothing implements Contender {
  readonly size = 0;
  add(): void {}
  has(): boolean {
    return false;
  }
  evict(): void {}
  cold(): () => void {
    return () => {};
  }
}

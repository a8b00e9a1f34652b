/**
 * The revocations that this process has received. Pure: no clock, no I/O.
 *
 * Invariant (SPEC.md I4): a join-semilattice. Applying events twice, late or in another order gives the
 * same state: entries are only added, generations and expiries only raised. All kinds are checked, and
 * any one of them refuses.
 *
 * The kinds that come by the million are tables of identifiers as numbers (ledger/); the others,
 * which operators make one by one, are maps of strings. Expiries are whole seconds, rounded up.
 */
import type { AccessTokenClaims, KeyId } from '@portcullis/contracts';
import {
  encodeSnapshot,
  expiryOf,
  FOR_EVER,
  momentOf,
  readSnapshot,
  type RevocationEntry,
  type SnapshotPlace,
} from '@portcullis/snapshot';
import { ClientGenerations } from './ledger/client-generations.ts';
import { RevokedIds } from './ledger/revoked-ids.ts';

/** `revoked` is final; `claims_changed` says that a refresh gives a token that holds. */
export type Verdict = 'holds' | 'claims_changed' | 'revoked';

export class Ledger {
  readonly #sessions: RevokedIds<'session'>;
  readonly #tokens: RevokedIds<'token'>;
  readonly #subjects: RevokedIds<'subject'>;
  readonly #changed: RevokedIds<'claims_changed'>;
  readonly #clients = new ClientGenerations();
  readonly #keys = new Set<KeyId>();
  #issuerGeneration = 0;
  #version = 0;

  /** @param seed 32 bits that decide where in memory an entry lies, and nothing else */
  constructor(seed: number = crypto.getRandomValues(new Int32Array(1))[0] ?? 0) {
    this.#sessions = new RevokedIds('session', seed);
    this.#tokens = new RevokedIds('token', seed);
    this.#subjects = new RevokedIds('subject', seed);
    this.#changed = new RevokedIds('claims_changed', seed);
  }

  /** Entries held. */
  get size(): number {
    const named = this.#clients.size + this.#keys.size;
    return this.#tables.reduce((size, table) => size + table.size, named);
  }

  /** What the entries that are identifiers take in memory, slack included. */
  get bytes(): number {
    return this.#tables.reduce((bytes, table) => bytes + table.bytes, 0);
  }

  get killedKeys(): ReadonlySet<KeyId> {
    return this.#keys;
  }

  /** Grows with every event that added something; equal versions, equal verdicts. */
  get version(): number {
    return this.#version;
  }

  /**
   * @returns whether it added anything
   * @throws TypeError for a key that is not an identifier of its kind: what cannot be held is not
   *   passed over
   */
  apply(event: RevocationEntry): boolean {
    const added = this.#add(event);
    if (added) this.#version += 1;
    return added;
  }

  /** Judges verified claims, and the key that signed them. */
  judge(claims: AccessTokenClaims, kid: string): Verdict {
    const killed: ReadonlySet<string> = this.#keys;
    if (
      (claims.sid !== undefined && this.#sessions.has(claims.sid)) ||
      this.#tokens.has(claims.jti) ||
      killed.has(kid) ||
      claims.igen < this.#issuerGeneration ||
      claims.gen < this.#subjects.generation(claims.sub) ||
      claims.cgen < this.#clients.generation(claims.client_id)
    ) {
      return 'revoked';
    }
    return claims.gen < this.#changed.generation(claims.sub) ? 'claims_changed' : 'holds';
  }

  /**
   * Lets go of what no living token can be affected by. Looks at a bounded part of what there is,
   * and goes on from there at the next call; an entry that waits for its turn refuses nothing that
   * would hold.
   *
   * @param issuerTime milliseconds since the epoch by the issuer's clock
   */
  evict(issuerTime: number): void {
    const now = Math.min(FOR_EVER - 1, Math.max(0, Math.floor(issuerTime / 1_000)));
    for (const table of this.#tables) table.evict(now);
    this.#clients.evict(now);
  }

  /**
   * Everything held, one by one. What changes on the way may be among it or not; what does not is,
   * once.
   */
  *entries(): Generator<RevocationEntry, void, void> {
    for (const [key, moment] of this.#sessions.entries()) {
      yield { kind: 'session', key, expires_at: expiryOf(moment) };
    }
    for (const [key, moment] of this.#tokens.entries()) {
      yield { kind: 'token', key, expires_at: expiryOf(moment) };
    }
    for (const [key, moment, generation] of this.#subjects.entries()) {
      yield { kind: 'subject', key, generation, expires_at: expiryOf(moment) };
    }
    for (const [key, moment, generation] of this.#changed.entries()) {
      yield { kind: 'claims_changed', key, generation, expires_at: expiryOf(moment) };
    }
    for (const [key, moment, generation] of this.#clients.entries()) {
      yield { kind: 'client', key, generation, expires_at: expiryOf(moment) };
    }
    for (const key of this.#keys) yield { kind: 'key', key, expires_at: null };
    if (this.#issuerGeneration > 0) {
      const generation = this.#issuerGeneration;
      yield { kind: 'issuer', key: 'issuer', generation, expires_at: null };
    }
  }

  /**
   * Everything held as a binary snapshot, in chunks that are made as they are asked for.
   *
   * @param place a state of the log, all of which had been applied before the first chunk is asked for
   */
  writeSnapshot(place: SnapshotPlace): Generator<Uint8Array, void, void> {
    return encodeSnapshot(place, this.entries());
  }

  /**
   * Adds what the snapshot holds; nothing is removed.
   *
   * @returns the state of the log that the ledger now includes
   * @throws SnapshotError, and nothing has changed, for bytes that are not one whole snapshot
   */
  mergeSnapshot(bytes: Uint8Array): SnapshotPlace {
    const steps = this.mergeInSteps(bytes);
    for (;;) {
      const { done, value } = steps.next();
      if (done) return value;
    }
  }

  /** The same in steps of some thousand entries, for callers who give others a turn between two. */
  *mergeInSteps(bytes: Uint8Array): Generator<void, SnapshotPlace, void> {
    const { epoch, position, blocks } = readSnapshot(bytes);
    for (const table of this.#tables) {
      for (const changed of table.merge(blocks)) {
        if (changed) this.#version += 1;
        yield;
      }
    }
    for (const { kind, entries } of blocks) {
      if (kind !== 'client' && kind !== 'key' && kind !== 'issuer') continue;
      for (const entry of entries) this.apply(entry);
    }
    return { epoch, position };
  }

  #add(event: RevocationEntry): boolean {
    const moment = momentOf(event.expires_at);
    switch (event.kind) {
      case 'session':
        return this.#sessions.raise(event.key, moment);
      case 'token':
        return this.#tokens.raise(event.key, moment);
      case 'subject':
        return this.#subjects.raise(event.key, moment, event.generation);
      case 'claims_changed':
        return this.#changed.raise(event.key, moment, event.generation);
      case 'client':
        return this.#clients.raise(event.key, moment, event.generation);
      case 'key':
        if (this.#keys.has(event.key)) return false;
        this.#keys.add(event.key);
        return true;
      case 'issuer':
        if (event.generation <= this.#issuerGeneration) return false;
        this.#issuerGeneration = event.generation;
        return true;
    }
  }

  get #tables() {
    return [this.#sessions, this.#tokens, this.#subjects, this.#changed] as const;
  }
}

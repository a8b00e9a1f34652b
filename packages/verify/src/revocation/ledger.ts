/**
 * The revocations that this process has received. Pure: no clock, no I/O.
 *
 * Invariant: a join-semilattice, since each store is one. Applying events twice, late or in another order gives the
 * same state: entries are only added, generations and expiries only raised. All kinds are checked, and
 * any one of them refuses.
 *
 * The kinds that come by the million are tables of identifiers as numbers (ledger/); the others,
 * which operators make one by one, are maps of strings, some 300 bytes an entry, as long as entries are kept. Expiries are whole seconds, rounded up.
 *
 * A kind of the contracts' table that has no store here does not compile.
 * `judge` is on the way of every request, and so is written out; test/revocation-kinds.test.ts holds it to
 * the table.
 */
import {
  isClientId,
  isClientSubject,
  type AccessTokenClaims,
  type ClientId,
  type ClientSubject,
  type KeyId,
  type RevocationKind,
} from '@portcullis/contracts';
import { FOR_EVER, momentOf, type RevocationEntry } from '@portcullis/snapshot/entries';
import { IssuerGeneration } from './ledger/issuer-generation.ts';
import { KilledKeys } from './ledger/killed-keys.ts';
import type { KindStore } from './ledger/kind-store.ts';
import { NamedGenerations } from './ledger/named-generations.ts';
import { RevokedIds } from './ledger/revoked-ids.ts';

/** `revoked` is final; `claims_changed` says that a refresh gives a token that holds. */
export type Verdict = 'holds' | 'claims_changed' | 'revoked';

export interface LedgerStores extends Readonly<Record<RevocationKind, KindStore>> {
  readonly session: RevokedIds<'session'>;
  readonly token: RevokedIds<'token'>;
  readonly subject: RevokedIds<'subject'>;
  readonly claims_changed: RevokedIds<'claims_changed'>;
  readonly client: NamedGenerations<ClientId>;
  readonly client_subject: NamedGenerations<ClientSubject>;
  readonly key: KilledKeys;
  readonly issuer: IssuerGeneration;
}

export class Ledger {
  readonly #sessions: RevokedIds<'session'>;
  readonly #tokens: RevokedIds<'token'>;
  readonly #subjects: RevokedIds<'subject'>;
  readonly #changed: RevokedIds<'claims_changed'>;
  readonly #clients = new NamedGenerations('client', isClientId);
  readonly #clientSubjects = new NamedGenerations('client_subject', isClientSubject);
  readonly #keys = new KilledKeys();
  readonly #issuer = new IssuerGeneration();
  /** For what goes through all of them (merge-snapshot.ts, ledger-entries.ts). Who adds to one notes the change. */
  readonly stores: LedgerStores;
  #version = 0;

  /** @param seed 32 bits that decide where in memory an entry lies, and nothing else */
  constructor(seed: number = crypto.getRandomValues(new Int32Array(1))[0] ?? 0) {
    this.#sessions = new RevokedIds('session', seed);
    this.#tokens = new RevokedIds('token', seed);
    this.#subjects = new RevokedIds('subject', seed);
    this.#changed = new RevokedIds('claims_changed', seed);
    this.stores = {
      session: this.#sessions,
      token: this.#tokens,
      subject: this.#subjects,
      claims_changed: this.#changed,
      client: this.#clients,
      client_subject: this.#clientSubjects,
      key: this.#keys,
      issuer: this.#issuer,
    };
  }

  /** Entries held. */
  get size(): number {
    return Object.values(this.stores).reduce((size, store) => size + store.size, 0);
  }

  /** What the entries that are identifiers take in memory, slack included. Those with names are not counted. */
  get bytes(): number {
    return Object.values(this.stores).reduce((bytes, store) => bytes + store.bytes, 0);
  }

  get killedKeys(): ReadonlySet<KeyId> {
    return this.#keys.all;
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
    const generation = 'generation' in event ? event.generation : 0;
    const moment = momentOf(event.expires_at);
    const added = this.stores[event.kind].raise(event.key, moment, generation);
    if (added) this.noteChange();
    return added;
  }

  /** Something was added to a store: what was judged before is judged again. */
  noteChange(): void {
    this.#version += 1;
  }

  /** Judges verified claims, and the key that signed them. */
  judge(claims: AccessTokenClaims, kid: string): Verdict {
    if (
      (claims.sid !== undefined && this.#sessions.has(claims.sid)) ||
      this.#tokens.has(claims.jti) ||
      this.#keys.has(kid) ||
      claims.igen < this.#issuer.generation ||
      claims.gen < this.#subjects.generation(claims.sub) ||
      claims.cgen < this.#clients.generation(claims.client_id) ||
      (this.#clientSubjects.size > 0 && this.#isRevokedForItsClient(claims))
    ) {
      return 'revoked';
    }
    return claims.gen < this.#changed.generation(claims.sub) ? 'claims_changed' : 'holds';
  }

  /**
   * What it holds of one key of one kind, in no hurry: for explanations.
   *
   * @returns the least generation that holds, infinite where the key alone refuses; 0: nothing is held for it
   */
  leastOf(kind: RevocationKind, key: string): number {
    return this.stores[kind].least(key);
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
    for (const store of Object.values(this.stores)) store.evict(now);
  }

  /** A machine's token is held for no user. */
  #isRevokedForItsClient({ sid, client_id, sub, csgen }: AccessTokenClaims): boolean {
    return (
      sid !== undefined && (csgen ?? 0) < this.#clientSubjects.generation(`${client_id}/${sub}`)
    );
  }
}

/**
 * What happened, in order: the guarantees are checked against it, and a developer reads it.
 *
 * Its hash covers every line, so that two runs of one seed can be seen to be the same.
 */
import type {
  IncarnationId,
  KeyId,
  Receipt,
  RevocationEvent,
  UserClaims,
} from '@portcullis/contracts';
import { shortened } from './world/random.ts';
import type { World } from './world/world.ts';

export interface Token {
  claims: UserClaims;
  kid: KeyId;
}

export interface Revocation {
  event: RevocationEvent;
  /** True time. */
  committedAt: number;
  /** The database was restored to a moment before it: then it never was. */
  undone: boolean;
}

/** One running process of a verifier, from its start to its end. */
export interface Life {
  readonly name: string;
  /** What its ledger says, regardless of its freshness. */
  knows(token: Token): boolean;
  isFresh(): boolean;
}

/** `stale`: it could not be sure, and said so. */
export type Verdict = 'accepted' | 'revoked' | 'claims_changed' | 'stale';

export type Entry =
  /** In the database: what the token says is of this moment. */
  | { what: 'read'; token: Token }
  | { what: 'minted'; token: Token }
  | { what: 'committed'; revocation: Revocation }
  | { what: 'undone'; revocation: Revocation }
  | {
      what: 'answered for';
      revocations: readonly Revocation[];
      receipt: Receipt;
      waitMs: number;
    }
  | { what: 'started'; life: Life }
  | { what: 'asked'; life: Life; incarnation: IncarnationId }
  /** The registry takes it that everything up to there is known. */
  | { what: 'registered'; incarnation: IncarnationId; epoch: string | null; position: number }
  /** A whole grant has reached the life that asked for it. */
  | { what: 'granted'; life: Life; askedAt: number; maxStalenessMs: number; issuerTime: number }
  | { what: 'applied'; life: Life; event: RevocationEvent }
  | { what: 'judged'; life: Life; token: Token; verdict: Verdict; why: string }
  | { what: 'stepped'; clock: 'database' }
  /** The database is as it was at a moment before, under the epoch that it had. */
  | { what: 'went back' }
  /** The same, and then `npm run after-restore` was done: nothing that was lost takes anything new. */
  | { what: 'restored' }
  | { what: 'over' };

export interface Violation {
  guarantee: string;
  /** True time. */
  at: number;
  what: string;
}

export class History {
  readonly #world: World;
  readonly #incarnations = new Map<IncarnationId, string>();
  readonly #listeners: ((entry: Entry) => void)[] = [];
  readonly #trace: ((line: string) => void) | undefined;
  readonly violations: Violation[] = [];
  #hash = 0xcbf29ce4;
  #lines = 0;

  constructor(world: World, trace?: (line: string) => void) {
    this.#world = world;
    this.#trace = trace;
  }

  get hash(): string {
    return `${(this.#hash >>> 0).toString(16).padStart(8, '0')}-${this.#lines}`;
  }

  listen(listener: (entry: Entry) => void): void {
    this.#listeners.push(listener);
  }

  /** Something that counts for the guarantees. */
  record(entry: Entry): void {
    for (const listener of this.#listeners) listener(entry);
  }

  /** A line for the reader, and for the hash. */
  tell(who: string, what: string): void {
    this.#lines += 1;
    let hash = mix(this.#hash, Math.round(this.#world.now * 1_000));
    for (let i = 0; i < who.length; i += 1) hash = mix(hash, who.charCodeAt(i));
    for (let i = 0; i < what.length; i += 1) hash = mix(hash, what.charCodeAt(i));
    this.#hash = hash;
    if (this.#trace === undefined) return;
    const at = (this.#world.now / 1_000).toFixed(4).padStart(9);
    this.#trace(`${at}  ${who}: ${shortened(what)}`);
  }

  violated(guarantee: string, what: string): void {
    this.tell('VIOLATED', `${guarantee}: ${what}`);
    this.violations.push({ guarantee, at: this.#world.now, what: shortened(what) });
  }

  /** Incarnations have ids of their own making, which no two runs have in common. */
  nameOf(incarnation: IncarnationId): string {
    const known = this.#incarnations.get(incarnation);
    if (known !== undefined) return known;
    const name = `inc-${this.#incarnations.size + 1}`;
    this.#incarnations.set(incarnation, name);
    return name;
  }
}

function mix(hash: number, value: number): number {
  return Math.imul(hash ^ value, 0x01000193);
}

/**
 * What roles carry, as far as a verifier knows it (SPEC.md I17, I18).
 *
 *   unknown ◀──▶ known      known: a grant counts, and it has the document of the number that the issuer has named
 *
 * Invariants:
 *  - Of the documents that it could check, the one of the highest number counts; only its key's kill and another log
 *    take it away. It is signed by a key that this verifier has fetched: never by one that is only vouched for.
 *  - While no grant counts, or the issuer has named a higher number, nothing that the documents decide is answered with
 *    yes or with no. Portcullis' own roles carry what they always do. An issuer that names no number, after one that
 *    did, has an unknown one: it is of a release before, and others beside it may have raised theirs.
 *  - A request makes nothing: what roles carry is looked up in what was made when the document came.
 */
import {
  isOwnPermission,
  isOwnRole,
  OWN_ACCESS,
  type AccessRules,
  type GrantedAccess,
} from '@portcullis/contracts';
import { jwsSignatureHolds } from '../jws/jws.ts';
import type { Jwks } from '../keys/jwks.ts';
import { problemOfTimes } from '../token/times.ts';
import { readAccessDocument, type AccessDocument } from './access-document.ts';

/** Higher than every number that there is. */
const UNKNOWN = Number.POSITIVE_INFINITY;

export interface SignedAccessOptions {
  issuer: string;
  /** Milliseconds since the epoch. */
  issuerNow: () => number;
  /** Of which those that came with the set count; the set may hold the key of a document when it is fetched next. */
  keys: Pick<Jwks, 'fetched' | 'refresh'>;
  /** Called when what was answered until now may be answered otherwise. */
  onChange: () => void;
  /** Has a grant asked for soon: by none, another number has come to be enforced, which receipts wait for, or none. */
  askSoon: () => void;
  /** Called each time a permission is asked for that is not among those declared. */
  onUndeclared: (permission: string, declared: ReadonlySet<string>) => void;
}

export class SignedAccess implements AccessRules<string, string> {
  readonly #options: SignedAccessOptions;
  #present: AccessDocument | undefined;
  #rules = OWN_ACCESS;
  /** Which number the issuer has named, and when it was asked for that, by the monotonic clock. */
  #named: { number: number; askedAt: number } | undefined;
  #known = false;
  #isFresh = false;
  /** The last document that came, and whether it may do when it is read again: its key or its time was missing. */
  #last: { text: string; readAgain: boolean } | undefined;

  constructor(options: SignedAccessOptions) {
    this.#options = options;
  }

  /** Of the document that counts; 0 for none. */
  get number(): number {
    return this.#present?.number ?? 0;
  }

  rolesAllow(roles: readonly string[], permission: string): boolean | undefined {
    if (this.#known) {
      const allowed = this.#rules.rolesAllow(roles, permission);
      if (!allowed) this.#noteUndeclared(permission);
      return allowed;
    }
    if (OWN_ACCESS.rolesAllow(roles, permission)) return true;
    return isOwnPermission(permission) && roles.every(isOwnRole) ? false : undefined;
  }

  permissionsOf(role: string): ReadonlySet<string> | undefined {
    if (this.#known || role === 'support') return this.#rules.permissionsOf(role);
    return undefined;
  }

  /**
   * What came with a whole grant, after all else in it was applied and before it counts.
   *
   * @param granted undefined: of an issuer that knows no such documents
   * @param askedAt when the grant was asked for, by the monotonic clock
   */
  learn(granted: GrantedAccess | undefined, askedAt: number): void {
    const named = this.#named;
    const number = granted?.number ?? (named === undefined || named.number === 0 ? 0 : UNKNOWN);
    if (named === undefined || askedAt >= named.askedAt) this.#named = { number, askedAt };
    else if (number !== UNKNOWN && number > named.number) this.#named = { ...named, number };
    const document = granted?.document;
    const isRead = document === this.#last?.text && this.#last?.readAgain === false;
    if (document !== undefined && !isRead) this.#take(document);
    this.#decide();
  }

  /**
   * Whether a grant counts, as each check of a token finds it before it asks here. A token that is only introspected
   * says nothing of what roles carry now.
   */
  set isFresh(isFresh: boolean) {
    this.#isFresh = isFresh;
    this.#decide();
  }

  /** A key set was fetched: the key that a document lacked may be there. */
  retry(): void {
    if (this.#last?.readAgain !== true) return;
    const before = this.number;
    this.#take(this.#last.text);
    this.#decide();
    if (this.number !== before) this.#options.askSoon();
  }

  /** What this key has signed counts no longer. */
  kill(kid: string): void {
    if (this.#present?.signer !== kid) return;
    this.#drop();
    this.#options.askSoon();
  }

  /** The log is another one: nothing that the issuer said before can be vouched for. */
  forget(): void {
    this.#named = undefined;
    this.#drop();
  }

  #noteUndeclared(permission: string): void {
    // It carries every permission that there is.
    const declared = this.#rules.permissionsOf('admin');
    if (!declared.has(permission)) this.#options.onUndeclared(permission, declared);
  }

  #drop(): void {
    this.#present = undefined;
    this.#last = undefined;
    this.#decide();
  }

  #take(text: string): void {
    const { issuer, keys, issuerNow } = this.#options;
    this.#last = { text, readAgain: false };
    const document = readAccessDocument(text, issuer);
    // The same number again is the same mapping, signed by another key, which may outlive the one before.
    if (document === undefined || document.number < this.number) return;
    const key = keys.fetched(document.signer);
    if (key === undefined) {
      const isNew = document.number > this.number;
      this.#last = { text, readAgain: isNew };
      if (isNew) void keys.refresh();
      return;
    }
    if (problemOfTimes(document, issuerNow()) !== undefined) {
      this.#last = { text, readAgain: true };
      return;
    }
    if (!jwsSignatureHolds(document.jws, key)) return;
    const { mapping, rules } = this.#present ?? document;
    this.#present = mapping === document.mapping ? { ...document, rules } : document;
  }

  #decide(): void {
    const before = this.#known ? this.#rules : undefined;
    this.#rules = this.#present?.rules ?? OWN_ACCESS;
    const isNamed = this.#named !== undefined && this.number >= this.#named.number;
    this.#known = isNamed && this.#isFresh;
    const isSame = this.#known && this.#rules === before;
    if (before !== undefined && !isSame) this.#options.onChange();
  }
}

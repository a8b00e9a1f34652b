/**
 * The grant: what a verifier asks for, and what it may believe. "The grant is the protocol, the
 * push is only speed."
 *
 * A verifier may accept tokens for `max_staleness_ms` from the moment at which it *asked*. The
 * answer counts only for its own nonce and incarnation, because it carries only what was missing at
 * the position in its own request.
 */
import type { EpochId, EventId, IncarnationId } from './ids.ts';
import type { RevocationEvent } from './revocation.ts';

/** The most event ids that one acknowledgement or request may name. */
export const MAX_ACKNOWLEDGED = 1_000;
/** The most events that one answer carries; more are asked for at once. */
export const MAX_GRANTED_EVENTS = 1_000;

/** The bounds of S, in milliseconds. */
export const MIN_STALENESS_MS = 100;
export const MAX_STALENESS_MS = 300_000;

/** The most kinds of revocations that a request may name, and the form of each: this release may not know it. */
export const MAX_READ_KINDS = 64;
export const READ_KIND = /^[a-z][a-z_]{0,31}$/;

/** The most vouches for keys that one answer carries, and the length of each, in characters. */
export const MAX_KEY_VOUCHES = 16;
export const MAX_KEY_VOUCH_LENGTH = 4_096;
/** For how long a vouch for a key counts at most, in seconds, whether or not it says more. */
export const MAX_KEY_VOUCH_SECONDS = 86_400;
/** The `typ` of a vouch: it can be taken for no other token, and no other for it (RFC 8725 section 3.11). */
export const KEY_VOUCH_TYPE = 'portcullis-key+jwt';

/**
 * The document that says what roles carry: JWS in the compact form, with `iss`, `iat`, `exp`, `number`, `permissions`
 * and `roles`. Its length in characters, for how long a reader takes it that has not read it yet, and its `typ`.
 */
export const MAX_ACCESS_DOCUMENT_LENGTH = 65_536;
export const MAX_ACCESS_DOCUMENT_SECONDS = 86_400;
export const ACCESS_DOCUMENT_TYPE = 'portcullis-access+jwt';

/**
 * What a verifier does with a token while it is stale. `accept` breaks the guarantees, so that
 * receipts list such verifiers apart.
 */
export const STALENESS_POLICIES = ['reject', 'introspect', 'accept'] as const;
export type StalenessPolicy = (typeof STALENESS_POLICIES)[number];

export interface GrantRequest {
  version: 1;
  service: string;
  /** Made anew at every start and every resynchronisation of a verifier. */
  incarnation: IncarnationId;
  nonce: string;
  policy: StalenessPolicy;
  /** The log that the position belongs to; `null` before the first answer. */
  epoch: EpochId | null;
  /** Everything in the log up to here has been applied by this incarnation. */
  position: number;
  /** Event ids that were applied and not yet acknowledged. */
  applied: EventId[];
  /**
   * Of which position to say what stands there, if not of `position`. A verifier of 0.2.0 says it: for that, notices have
   * led on from there, and do not say which history they are of.
   */
  anchor?: number | undefined;
  /** The `resume` of the last answer, where it had one. Only an issuer that gives one knows it. */
  resume?: EventId | undefined;
  /**
   * Which kinds of revocations this verifier reads, where the last answer said that they are not known. Only an
   * issuer that says so takes it.
   */
  kinds?: readonly string[] | undefined;
  /**
   * The number of the mapping of roles that this verifier enforces, 0 for none, where the last answer has shown that it
   * is not known. Only an issuer that says so takes it.
   */
  access?: number | undefined;
}

/** What every answer says, with any outcome. */
export interface EveryAnswer {
  version: 1;
  nonce: string;
  incarnation: IncarnationId;
}

export interface Grant extends EveryAnswer {
  outcome: 'granted';
  epoch: EpochId;
  /**
   * What stands in the log at the position of the question, or at its anchor, where it has one; null when it has
   * been let go of. A verifier that knows another event there has come there in a history that was lost.
   */
  from?: RevocationEvent | null | undefined;
  /** After these events are applied, everything up to here has been. */
  position: number;
  events: RevocationEvent[];
  /** False: the answer was cut at its bound and vouches for nothing; ask again from `position`. */
  complete: boolean;
  /**
   * More events have no position yet than one answer carries: ask again with this. What follows
   * vouches only for the moment at which the first of these questions was asked, since an event may
   * have been committed meanwhile whose id stands before it.
   */
  resume?: EventId | undefined;
  /** S: for how long after asking the verifier may accept, in milliseconds. */
  max_staleness_ms: number;
  issuer_time: number;
  /**
   * Public keys of the issuer, each signed for by another one: JWS in the compact form, of the type
   * `portcullis-key+jwt`. For verifiers that cannot fetch the key set; an issuer of before sends none.
   * An invalid one costs no grant.
   */
  keys?: string[] | undefined;
  /**
   * True: this incarnation has not said which kinds of revocations it reads, and is to do so with its next
   * question. Until then it counts as one that reads no kind which came after it. An issuer of before says nothing.
   */
  kinds_unknown?: boolean | undefined;
  /**
   * What roles carry. `number` is that of the present mapping, 0 where nothing is declared; the signed document is
   * there unless the verifier has said that it enforces this number. A verifier that enforces a lower one does not know
   * what roles carry. An issuer of before says nothing: then Portcullis' own roles carry what they always do, and all
   * others nothing.
   */
  access?: GrantedAccess | undefined;
}

export interface GrantedAccess {
  number: number;
  document?: string | undefined;
}

/** The log is another one than the verifier's: start over as a new incarnation. */
interface Resynchronise extends EveryAnswer {
  outcome: 'resynchronise';
  epoch: EpochId;
}

/** The issuer cannot answer now; nothing follows from it. */
interface NoAnswer extends EveryAnswer {
  outcome: 'unavailable';
}

export type GrantReply = Grant | Resynchronise | NoAnswer;

export interface Acknowledgement {
  version: 1;
  incarnation: IncarnationId;
  applied: EventId[];
}

/** A verifier that has stopped accepting takes itself off the list. */
export interface Deregistration {
  version: 1;
  incarnation: IncarnationId;
}

/**
 * Rows that have got their positions: `ids[0]` stands at `first`. Lets a verifier see a gap. What stood last in the log before
 * them comes first, if it is still there: a verifier that knows another event at that position is of a history that was lost.
 * 0.2.0 gives the new ones alone.
 */
export interface Numbered {
  version: 1;
  epoch: EpochId;
  first: number;
  ids: EventId[];
}

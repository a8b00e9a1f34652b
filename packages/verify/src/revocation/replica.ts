/**
 * A verifier's copy of the revocations, and how fresh it is.
 *
 *                 ┌────────────── the log is another one ──────────────┐
 *                 ▼                                                    │
 *   SYNCING ── first grant ──▶ LIVE ── no grant for S ──▶ STALE ───────┤
 *                               ▲  └────────── renewed ◀──────┘        │
 *                               └──────────────────────────────────────┘
 *   any ── close() ──▶ CLOSED
 *
 * Invariants:
 *  - Nothing is admitted unless it is fresh at that very moment (freshness.ts), however long this
 *    process was paused or its event loop was blocked.
 *  - A grant makes it fresh only after everything in the grant was applied.
 *  - An answer counts only for its own nonce and the incarnation that asked, in time or late.
 *  - `position` never claims more than was applied; what is applied is never taken back.
 *  - Nothing is granted to a position of another log, nor of another history of the same one: what stands
 *    there has to be what this verifier knows.
 *
 * Pushes make it quick. Losing, repeating, delaying or reordering them costs speed alone.
 */
import {
  grantReply,
  newId,
  numbered,
  Refusal,
  revocationEvent,
  type AccessTokenClaims,
  type EpochId,
  type EventId,
  type Grant,
  type GrantReply,
  type GrantRequest,
  type IncarnationId,
  type RevocationEvent,
  type StalenessPolicy,
} from '@portcullis/contracts';
import type { Clock } from '../clock.ts';
import { problemOfTimes } from '../token/times.ts';
import { askPatiently } from './ask-patiently.ts';
import { Confirmations } from './confirmations.ts';
import type { FeedListener, RevocationFeed } from './feed.ts';
import { Freshness, type Asked } from './freshness.ts';
import { IssuerClock } from './issuer-clock.ts';
import type { Ledger } from './ledger.ts';
import { mergeInTurns } from './merge-in-turns.ts';
import { parseMessage } from './parse-message.ts';
import { LogPosition, type Place } from './position.ts';
import { Renewals, RETRY_MS } from './renewals.ts';
import { SnapshotRequest } from './snapshot-request.ts';

export type ReplicaState = 'SYNCING' | 'LIVE' | 'STALE' | 'CLOSED';

/** What is about to expire may be gone from a ledger, and from a snapshot. Milliseconds. */
const EXPIRING_MS = 60_000;
/** Until the issuer has said what S is. Milliseconds. */
const FIRST_REQUEST_TIMEOUT_MS = 1_000;

export interface ReplicaStats {
  /** Pushed events and granted events that added something. */
  applied: number;
  /** Revocations held. */
  entries: number;
  position: number;
  grants: number;
  grantFailures: number;
  /** Messages that did not parse. */
  malformed: number;
}

/** That a token held. */
export interface Judged {
  /** The ledger's version, read before the check. */
  judgedAt: number;
}

export interface ReplicaOptions {
  service: string;
  /** What the verifier does while it is stale; receipts tell verifiers apart by it. */
  policy: StalenessPolicy;
  feed: RevocationFeed;
  ledger: Ledger;
  clock: Clock;
  /** A number in [0, 1), for jitter. */
  random?: () => number;
  onTransition?: (to: ReplicaState, from: ReplicaState) => void;
  /** After an event was applied, for the first time or once more. */
  onHeard?: (event: RevocationEvent) => void;
  /** After an event was applied for the first time; `lagMs` is the issuer's time since it happened. */
  onApplied?: (event: RevocationEvent, lagMs: number) => void;
  /** After a snapshot was merged, which may have held anything; all of it, or what came before a defect. */
  onMerged?: () => void;
  /** The log is another one: nothing that the issuer said before can be vouched for. */
  onOtherLog?: () => void;
  /** Keys that came with a whole grant, after all that it holds was applied, and before it counts. */
  onKeys?: (vouches: readonly string[]) => void;
  /** A message that did not parse. It has changed nothing; the log decides. */
  onMalformed?: MalformedListener;
}

/** What a message was to be. */
export type MessageKind = 'push' | 'numbering' | 'grant reply';
/** @param length in bytes; the content is not handed on */
export type MalformedListener = (kind: MessageKind, length: number) => void;

/** Where an answer was cut among events without a position. */
interface Rest {
  resume: EventId;
  /** The question whose answer was the first of these: what follows vouches for that moment alone. */
  since: Asked;
}

/** A question that may be answered late, when others have been asked since. */
interface Question extends Asked {
  incarnation: IncarnationId;
  nonce: string;
  applied: readonly EventId[];
  /** How far it had come; a whole answer that does not come as far is of another history. */
  reached: number;
  /** What the answer has to stand on. */
  anchor: Place;
  /** What it goes on from. */
  rest: Rest | undefined;
}

export class Replica {
  readonly #options: ReplicaOptions;
  readonly #issuerClock: IssuerClock;
  readonly #freshness: Freshness;
  readonly #position = new LogPosition();
  readonly #renewals: Renewals;
  readonly #snapshot: SnapshotRequest;
  readonly #confirmations: Confirmations;
  readonly #stats = { applied: 0, grants: 0, grantFailures: 0, malformed: 0 };
  #state: ReplicaState = 'SYNCING';
  #incarnation: IncarnationId = newId('inc');
  #epoch: EpochId | null = null;
  #maxStaleness: number | undefined;
  /** Whether the last question was answered, by an issuer that knows of anchors. */
  #isAnchored = false;
  /** Absent unless the last answer was cut there. */
  #rest: Rest | undefined;

  constructor(options: ReplicaOptions) {
    this.#options = options;
    this.#issuerClock = new IssuerClock(options.clock);
    this.#freshness = new Freshness(options.clock, this.#issuerClock, () => void this.state);
    this.#confirmations = new Confirmations((applied) => {
      if (this.#state === 'CLOSED') return;
      options.feed.acknowledge({ version: 1, incarnation: this.#incarnation, applied });
    });
    this.#renewals = new Renewals(options.clock, async () => await this.#renew());
    this.#snapshot = new SnapshotRequest(options.feed, options.clock, () => {
      this.#stats.grantFailures += 1;
    });
  }

  get state(): ReplicaState {
    // Told truthfully even when no request has come by to notice that time has run out.
    if (this.#state === 'LIVE' && !this.#freshness.holds(this.#options.clock.monotonic())) {
      this.#setState('STALE');
    }
    return this.#state;
  }

  /** How much longer it may admit, in milliseconds; zero when it may not. */
  get freshnessLeftMs(): number {
    return this.#freshness.leftMs;
  }

  /** Milliseconds since the epoch by the issuer's clock, as far as it is known. */
  issuerNow(): number {
    return this.#issuerClock.now();
  }

  get stats(): ReplicaStats {
    return {
      ...this.#stats,
      entries: this.#options.ledger.size,
      position: this.#position.value,
    };
  }

  /** Listens first, so that nothing falls between the first grant and the first push. */
  async start(): Promise<void> {
    const listener: FeedListener = {
      revocation: (bytes) => this.#pushed(bytes),
      numbered: (bytes) => this.#placed(bytes),
      restored: () => this.#renewals.soon(),
    };
    await this.#options.feed.open(listener, this.#options.service);
    this.#renewals.soon();
  }

  /**
   * The last word on a token whose signature and claims hold. Synchronous: freshness, expiry and
   * ledger are read at one moment, after everything else.
   *
   * @param judged what is remembered of the last time: while the ledger is the same, so is its verdict
   * @throws Refusal `verifier_stale`, `invalid_token` or `token_stale`
   */
  admit(claims: AccessTokenClaims, kid: string, judged?: Judged): void {
    const { clock, ledger } = this.#options;
    const monotonic = clock.monotonic();
    if (!this.#freshness.holds(monotonic)) {
      if (this.#state === 'LIVE') {
        this.#setState('STALE');
        this.#renewals.soon();
      }
      throw new Refusal('verifier_stale', { retryAfter: 1 });
    }
    const problem = problemOfTimes(claims, this.#issuerClock.now(monotonic));
    if (problem !== undefined) throw invalid(problem);
    const { version } = ledger;
    if (judged?.judgedAt === version) return;
    switch (ledger.judge(claims, kid)) {
      case 'revoked':
        throw invalid('revoked');
      case 'changed':
        throw new Refusal('token_stale');
      case 'holds':
        if (judged !== undefined) judged.judgedAt = version;
    }
  }

  /** Asks for a grant now rather than when it is due: it may bring a key that is missed. */
  askSoon(): void {
    // Not before the first one: it listens before it asks.
    if (this.#state === 'LIVE' || this.#state === 'STALE') this.#renewals.soon();
  }

  /** Stops admitting first, then tells the issuer, so that no receipt waits for this verifier. */
  async close(): Promise<void> {
    if (this.#state === 'CLOSED') return;
    this.#freshness.end();
    this.#setState('CLOSED');
    this.#renewals.stop();
    await this.#options.feed.farewell({ version: 1, incarnation: this.#incarnation });
    await this.#options.feed.close();
  }

  /** The one setter. */
  #setState(to: ReplicaState): void {
    const from = this.#state;
    if (from === to || from === 'CLOSED') return;
    this.#state = to;
    this.#options.onTransition?.(to, from);
  }

  #pushed(bytes: Uint8Array): void {
    if (this.#state === 'CLOSED') return;
    const event = parseMessage(revocationEvent, bytes);
    if (event === undefined) {
      // Forged, damaged, or of a version to come: the log decides.
      this.#malformed('push', bytes);
      this.#renewals.soon();
      return;
    }
    this.#apply(event);
    this.#position.applied(event.id);
  }

  #placed(bytes: Uint8Array): void {
    if (this.#state === 'CLOSED') return;
    const notice = parseMessage(numbered, bytes);
    if (notice === undefined) this.#malformed('numbering', bytes);
    const joinsOn =
      notice !== undefined && notice.epoch === this.#epoch && this.#position.numbered(notice);
    if (!joinsOn) this.#renewals.soon();
  }

  #malformed(kind: MessageKind, { length }: Uint8Array): void {
    this.#stats.malformed += 1;
    this.#options.onMalformed?.(kind, length);
  }

  #apply(event: RevocationEvent): void {
    const { ledger, onHeard, onApplied } = this.#options;
    const isNew = ledger.apply(event);
    // Before it is confirmed, whoever it ends has ended: a snapshot may have brought it a moment ago.
    onHeard?.(event);
    if (isNew) {
      this.#stats.applied += 1;
      onApplied?.(event, this.#issuerClock.now() - event.occurred_at);
    }
    // Known already or not, it holds now; whoever waits for it may be told so again.
    this.#confirmations.add(event.id);
  }

  /** One request and its answer. @returns after how many milliseconds to ask again */
  async #renew(): Promise<number> {
    // Reading the state notices that freshness has run out, and tells of it.
    void this.state;
    const { feed, clock, service, policy, random = Math.random } = this.#options;
    const asked = { at: clock.monotonic(), apart: this.#issuerClock.apart() };
    const incarnation = this.#incarnation;
    const nonce = crypto.randomUUID();
    const applied = this.#confirmations.unheard();
    const rest = this.#restAt(asked.at);
    const { value: reached, anchor } = this.#position;
    const question: Question = { ...asked, incarnation, nonce, applied, reached, anchor, rest };
    // Of a log that is not known yet this verifier has nothing. Most of what it lacks comes meanwhile.
    if (this.#epoch === null) this.#snapshot.begin();
    const patience =
      this.#maxStaleness === undefined ? FIRST_REQUEST_TIMEOUT_MS : this.#maxStaleness / 3;
    let bytes: Uint8Array;
    try {
      bytes = await askPatiently(
        feed,
        clock,
        {
          version: 1,
          service,
          incarnation,
          nonce,
          policy,
          epoch: this.#epoch,
          ...this.#placeToAskFrom(),
          applied,
          ...(rest === undefined ? {} : { resume: rest.resume }),
        },
        patience,
        (late) => this.#takeLate(late, question),
      );
    } catch {
      this.#stats.grantFailures += 1;
      this.#isAnchored = false;
      return RETRY_MS;
    }
    const reply = this.#read(bytes, question);
    switch (reply?.outcome) {
      case undefined:
        return RETRY_MS;
      case 'unavailable':
        this.#stats.grantFailures += 1;
        return RETRY_MS;
      case 'resynchronise':
        this.#resynchronise(question, reply.epoch);
        return 0;
      case 'granted':
        if (this.#isOther(reply, question)) {
          this.#resynchronise(question, reply.epoch);
          return 0;
        }
        if (!reply.complete) {
          const further = this.#takePart(reply, question);
          return (await this.#takeSnapshot()) || further ? 0 : RETRY_MS;
        }
        if (!this.#takeWhole(reply, question)) return RETRY_MS;
        // About every S/3, so that two may be lost before it shows; of a grant in several answers, since
        // the first of its questions.
        return Math.max(
          0,
          (reply.max_staleness_ms / 3) * (0.8 + 0.4 * random()) -
            (asked.at - (rest?.since.at ?? asked.at)),
        );
    }
  }

  /** From the anchor itself, where the issuer may be one that knows of none. */
  #placeToAskFrom(): Pick<GrantRequest, 'position' | 'anchor'> {
    const { value, anchor } = this.#position;
    if (value === anchor.position || !this.#isAnchored) return { position: anchor.position };
    return { position: value, anchor: anchor.position };
  }

  /** Where to go on from; from the beginning when what came before is worth nothing any more. */
  #restAt(monotonic: number): Rest | undefined {
    const age = monotonic - (this.#rest?.since.at ?? monotonic);
    if (age >= (this.#maxStaleness ?? 0)) this.#rest = undefined;
    return this.#rest;
  }

  /** @returns undefined for what is no answer to this question, or does not count any more */
  #read(bytes: Uint8Array, { incarnation, nonce, applied }: Question): GrantReply | undefined {
    const reply = parseMessage(grantReply, bytes);
    const ours =
      reply?.nonce === nonce &&
      reply.incarnation === incarnation &&
      incarnation === this.#incarnation;
    if (!ours || this.#state === 'CLOSED') {
      if (reply === undefined) this.#malformed('grant reply', bytes);
      this.#stats.grantFailures += 1;
      return undefined;
    }
    this.#confirmations.heard(applied);
    return reply;
  }

  /** The next question was not held up by it, and it is worth what is left of S since it was asked. */
  #takeLate(bytes: Uint8Array, question: Question): void {
    const reply = this.#read(bytes, question);
    if (reply === undefined || reply.outcome === 'unavailable') return;
    const isOther = reply.outcome === 'resynchronise' || this.#isOther(reply, question);
    if (isOther) this.#resynchronise(question, reply.epoch);
    else if (reply.complete) this.#takeWhole(reply, question);
    else this.#takePart(reply, question);
    if (isOther || !reply.complete) this.#renewals.soon();
  }

  /**
   * Whether the log is not the one in which this verifier came to where it asked from: by its epoch, or
   * under the same one by what stands there now. A log that has gone back gives its positions out again.
   */
  #isOther(
    { epoch, from, issuer_time, complete, position }: Grant,
    { anchor, reached }: Question,
  ): boolean {
    this.#isAnchored = from !== undefined;
    if (this.#epoch === null) return false;
    if (this.#epoch !== epoch || (complete && position < reached)) return true;
    if (from?.position !== anchor.position) return false;
    if (anchor.event !== undefined) return anchor.event !== from.id;
    // From a snapshot, which does not name it: then it was in there. That it was pushed proves nothing.
    const mayHaveGone = from.expires_at !== null && from.expires_at < issuer_time + EXPIRING_MS;
    const isKnown = !this.#options.ledger.apply(from) && !this.#position.isUnplaced(from.id);
    if (isKnown || mayHaveGone) this.#position.found(anchor.position, from.id);
    return !isKnown && !mayHaveGone;
  }

  /** The log was too far ahead for one answer. @returns whether this one has led any further */
  #takePart(grant: Grant, asked: Question): boolean {
    const before = this.#position.value;
    const { resume } = grant;
    // An answer to a former question does not set back what has been asked since.
    if (asked.rest === this.#rest) {
      this.#rest = resume && { resume, since: asked.rest?.since ?? asked };
    }
    this.#epoch = grant.epoch;
    this.#maxStaleness = grant.max_staleness_ms;
    this.#issuerClock.learn(grant.issuer_time, asked);
    for (const event of grant.events) this.#apply(event);
    this.#position.granted(grant.position, grant.events);
    return this.#position.value > before || resume !== undefined;
  }

  /**
   * Far behind, and fresh no longer or not yet: everything in one piece, where that can be had. It
   * makes nothing fresh; the whole grant that is asked for next does. One that does not come holds
   * nothing up: the log comes bit by bit until it is there.
   *
   * @returns whether it has led any further
   */
  async #takeSnapshot(): Promise<boolean> {
    const { ledger, clock, onMerged } = this.#options;
    if (this.#freshness.holds(clock.monotonic())) return false;
    const incarnation = this.#incarnation;
    const before = this.#position.value;
    const snapshot = await this.#snapshot.take();
    if (snapshot === undefined) return false;
    try {
      const { epoch, position } = await mergeInTurns(ledger, clock, snapshot);
      // What was merged was revoked, and stays. Where it stands counts in the same log only.
      if (incarnation !== this.#incarnation || epoch !== this.#epoch) return false;
      this.#position.merged(position);
    } catch {
      this.#stats.grantFailures += 1;
    } finally {
      // A late answer may have made it fresh in between, and something may be watched since.
      onMerged?.();
    }
    return this.#position.value > before;
  }

  /** @returns whether it has made this verifier fresh, for all that lay between question and answer */
  #takeWhole(grant: Grant, asked: Question): boolean {
    this.#takePart(grant, asked);
    this.#options.onKeys?.(grant.keys ?? []);
    this.#stats.grants += 1;
    // Only now, with everything applied.
    this.#freshness.granted(asked.rest?.since ?? asked, grant.max_staleness_ms);
    this.#snapshot.drop();
    this.#options.ledger.evict(this.#issuerClock.now());
    const fresh = this.#freshness.holds(this.#options.clock.monotonic());
    if (fresh) this.#setState('LIVE');
    return fresh;
  }

  /**
   * The log's history is another one. What was applied stays, since it was revoked; what was vouched
   * for does not. A new incarnation voids every answer that is still on its way.
   *
   * Where it was a snapshot that has led astray, under this very epoch, the next one is not taken at
   * once: it may be the same.
   */
  #resynchronise({ anchor }: Question, epoch: EpochId): void {
    const isAstray = anchor.event === undefined && epoch === this.#epoch;
    const former = this.#incarnation;
    this.#incarnation = newId('inc');
    this.#epoch = null;
    this.#rest = undefined;
    this.#position.reset();
    this.#freshness.end();
    if (isAstray) this.#snapshot.drop();
    else this.#snapshot.reset();
    this.#setState('SYNCING');
    this.#options.onOtherLog?.();
    void this.#options.feed.farewell({ version: 1, incarnation: former });
  }
}

function invalid(reason: string): Refusal {
  return new Refusal('invalid_token', { cause: new Error(reason) });
}

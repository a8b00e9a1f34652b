/**
 * A verifier's copy of the revocations, and how fresh it is.
 * Invariants, of which SPEC.md I1, I2, I5, I6, I7, I9, I10, I11, I13, I15, I16, I19 stand here:
 *  - Nothing is admitted unless it is fresh at that very moment (freshness.ts), however long this
 *    process was paused or its event loop was blocked.
 *  - A grant makes it fresh only after everything in the grant was applied.
 *  - An answer counts only for its own nonce and the incarnation that asked, in time or late.
 *  - `position` never claims more than was applied; what is applied stays applied.
 *  - Nothing is granted to a position of another log, nor of another history of the same one: what stands
 *    there has to be what this verifier knows.
 *
 * Pushes make it quick. Losing, repeating, delaying or reordering them costs speed alone.
 */
import {
  newId,
  readGrantReply,
  readNumbered,
  readRevocationEvent,
  type AccessTokenClaims,
  type EpochId,
  type Grant,
  type GrantReply,
  type IncarnationId,
  type RevocationEvent,
} from '@portcullis/contracts';
import { requestWithLateReply } from './request-with-late-reply.ts';
import { Confirmations } from './confirmations.ts';
import { requireValid, type Judged } from './require-valid.ts';
import type { FeedListener } from './feed.ts';
import { Freshness } from './freshness.ts';
import { IssuerClock } from './issuer-clock.ts';
import { IssuerTakes } from './issuer-takes.ts';
import { loadAndMerge } from './load-and-merge.ts';
import { LogCursor } from './log-cursor.ts';
import { notFresh } from './not-fresh.ts';
import { parseMessage } from './parse-message.ts';
import { firstOf, isAnswerTo, patienceMs, renewAfterMs, type Question } from './question.ts';
import { Renewals, RETRY_MS } from './renewals.ts';
import type { MessageKind, ReplicaOptions, ReplicaStats } from './replica-options.ts';
import { nextState, type ReplicaEvent, type ReplicaState } from './replica-states.ts';
import { SnapshotRequest } from './snapshot-request.ts';

export class Replica {
  readonly #options: ReplicaOptions;
  readonly #issuerClock: IssuerClock;
  readonly #freshness: Freshness;
  readonly #cursor: LogCursor;
  readonly #renewals: Renewals;
  readonly #snapshot: SnapshotRequest;
  readonly #confirmations: Confirmations;
  readonly #issuerTakes: IssuerTakes;
  readonly #stats = { applied: 0, grants: 0, grantFailures: 0, malformed: 0 };
  #state: ReplicaState = 'SYNCING';
  #incarnation: IncarnationId = newId('inc');
  #maxStaleness: number | undefined;

  constructor(options: ReplicaOptions) {
    this.#options = options;
    this.#cursor = new LogCursor((entry) => options.ledger.apply(entry));
    this.#issuerClock = new IssuerClock(options.clock);
    this.#freshness = new Freshness(options.clock, this.#issuerClock, () => void this.state);
    this.#confirmations = new Confirmations((applied) => {
      if (this.#state === 'CLOSED') return;
      options.feed.acknowledge({ version: 1, incarnation: this.#incarnation, applied });
    });
    this.#issuerTakes = new IssuerTakes(() => options.accessNumber?.() ?? 0);
    this.#renewals = new Renewals(options.clock, async () => await this.#renew());
    this.#snapshot = new SnapshotRequest(options.feed, options.clock, () => {
      this.#stats.grantFailures += 1;
    });
  }

  get state(): ReplicaState {
    // True even when no request has come by to notice that time has run out.
    if (this.#state === 'LIVE' && !this.#freshness.holds(this.#options.clock.monotonic())) {
      this.#step('freshness over');
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
    const { size } = this.#options.ledger;
    return { ...this.#stats, entries: size, position: this.#cursor.position };
  }

  /** Listens first, so that nothing falls between the first grant and the first push. */
  async start(): Promise<void> {
    const listener: FeedListener = {
      revocation: (bytes) => this.#onRevocation(bytes),
      numbered: (bytes) => this.#onPositions(bytes),
      restored: () => this.#renewals.soon(),
    };
    await this.#options.feed.open(listener, this.#options.service);
    this.#renewals.soon();
  }

  /**
   * The last word on a token whose signature and claims hold. Synchronous: freshness, expiry and
   * ledger are read at one moment, after everything else.
   *
   * @param judged the remembered verdict: while the ledger is the same, so is its verdict
   * @throws Refusal `verifier_stale`, `invalid_token` or `token_stale`
   */
  admit(claims: AccessTokenClaims, kid: string, judged?: Judged): void {
    const { clock, ledger } = this.#options;
    const monotonic = clock.monotonic();
    if (!this.#freshness.holds(monotonic)) {
      if (this.#state === 'LIVE') {
        this.#step('freshness over');
        this.#renewals.soon();
      }
      throw notFresh(this.#state);
    }
    requireValid(claims, kid, ledger, this.#issuerClock.now(monotonic), judged);
  }

  /** Asks for a grant now rather than when it is due: it may bring a key that is missed. */
  askSoon(): void {
    // Not before the first one: it listens before it asks.
    if (this.#state === 'LIVE' || this.#state === 'STALE') this.#renewals.soon();
  }

  /** Stops admitting first, then deregisters at the issuer, so that no receipt waits for it. */
  async close(): Promise<void> {
    if (this.#state === 'CLOSED') return;
    this.#freshness.end();
    this.#step('close');
    this.#renewals.stop();
    await this.#options.feed.deregister({ version: 1, incarnation: this.#incarnation });
    await this.#options.feed.close();
  }

  /** The one setter. */
  #step(event: ReplicaEvent): void {
    const from = this.#state;
    const to = nextState(from, event);
    if (from === to) return;
    this.#state = to;
    this.#options.onTransition?.(to, from);
  }

  #onRevocation(bytes: Uint8Array): void {
    if (this.#state === 'CLOSED') return;
    const event = parseMessage(readRevocationEvent, bytes);
    if (event === undefined) {
      // Forged, damaged, or of a version to come: the log decides.
      this.#malformed('push', bytes);
      this.#renewals.soon();
      return;
    }
    this.#apply(event);
    this.#cursor.applied(event.id);
    this.#step('push');
  }

  #onPositions(bytes: Uint8Array): void {
    if (this.#state === 'CLOSED') return;
    const notice = parseMessage(readNumbered, bytes);
    if (notice === undefined) this.#malformed('numbering', bytes);
    else this.#step('positions');
    if (notice === undefined || !this.#cursor.numbered(notice)) this.#renewals.soon();
  }

  #malformed(kind: MessageKind, { length }: Uint8Array): void {
    this.#stats.malformed += 1;
    this.#step('malformed');
    this.#options.onMalformed?.(kind, length);
  }

  #apply(event: RevocationEvent): void {
    const { ledger, onEvent, onApplied } = this.#options;
    const isNew = ledger.apply(event);
    // Streams that it ends have ended before it is confirmed: a snapshot may have brought it a moment ago.
    onEvent?.(event);
    if (isNew) {
      this.#stats.applied += 1;
      onApplied?.(event, this.#issuerClock.now() - event.occurred_at);
    }
    // Known already or not, it holds now, and a receipt that waits for it may need it again.
    this.#confirmations.add(event.id);
  }

  /** One request and its answer. @returns after how many milliseconds to ask again */
  async #renew(): Promise<number> {
    // Reading the state notices that freshness has run out, and reports it.
    void this.state;
    const { feed, clock, service, policy, random = Math.random } = this.#options;
    const asked = { at: clock.monotonic(), apart: this.#issuerClock.apart() };
    const incarnation = this.#incarnation;
    const nonce = crypto.randomUUID();
    const who = { service, policy, incarnation, nonce };
    const applied = this.#confirmations.undelivered();
    const from = this.#cursor.askFrom(asked.at, this.#maxStaleness ?? 0);
    const said = this.#issuerTakes.say();
    const question: Question = { ...asked, incarnation, nonce, applied, from, said };
    // Of a log that is not known yet this verifier has nothing. Most of what it lacks comes meanwhile.
    if (this.#cursor.epoch === null) this.#snapshot.begin();
    let bytes: Uint8Array;
    try {
      bytes = await requestWithLateReply(
        feed,
        clock,
        { version: 1, ...who, ...this.#cursor.requestFrom(from), ...said, applied },
        patienceMs(this.#maxStaleness),
        (late) => this.#applyLateReply(late, question),
      );
    } catch {
      this.#issuerTakes.notAnswered();
      return this.#noAnswer();
    }
    const reply = this.#read(bytes, question);
    if (reply === undefined) return RETRY_MS;
    if (reply.outcome === 'unavailable') return this.#noAnswer();
    if (reply.outcome === 'resynchronise' || this.#cursor.isOther(reply, question)) {
      this.#resynchronise(question, reply.epoch);
      return 0;
    }
    if (!reply.complete) {
      const further = this.#applyPartialGrant(reply, question);
      return (await this.#takeSnapshot()) || further ? 0 : RETRY_MS;
    }
    if (!this.#applyGrant(reply, question)) return RETRY_MS;
    if (this.#issuerTakes.hasMoreThan(said)) return 0;
    return renewAfterMs(reply.max_staleness_ms, random(), question);
  }

  /** @returns undefined for what is no answer to this question, or does not count any more */
  #read(bytes: Uint8Array, question: Question): GrantReply | undefined {
    const reply = parseMessage(readGrantReply, bytes);
    if (reply === undefined) this.#malformed('grant reply', bytes);
    const isPresent = question.incarnation === this.#incarnation && this.#state !== 'CLOSED';
    if (reply === undefined || !isAnswerTo(question, reply) || !isPresent) {
      this.#noAnswer();
      return undefined;
    }
    this.#confirmations.delivered(question.applied);
    return reply;
  }

  /** @returns after how many milliseconds to ask again */
  #noAnswer(): number {
    this.#stats.grantFailures += 1;
    this.#step('no answer');
    return RETRY_MS;
  }

  /** The next question was not held up by it, and it is worth what is left of S since it was asked. */
  #applyLateReply(bytes: Uint8Array, question: Question): void {
    const reply = this.#read(bytes, question);
    if (reply === undefined || reply.outcome === 'unavailable') return;
    const isOther = reply.outcome === 'resynchronise' || this.#cursor.isOther(reply, question);
    if (isOther) this.#resynchronise(question, reply.epoch);
    else if (reply.complete) this.#applyGrant(reply, question);
    else this.#applyPartialGrant(reply, question);
    if (isOther || !reply.complete) this.#renewals.soon();
  }

  /** The log was too far ahead for one answer. @returns whether this one has led any further */
  #applyPartialGrant(grant: Grant, question: Question): boolean {
    this.#maxStaleness = grant.max_staleness_ms;
    this.#issuerTakes.learn(grant, question.said);
    this.#issuerClock.learn(grant.issuer_time, question);
    for (const event of grant.events) this.#apply(event);
    if (!grant.complete) this.#step('partial grant');
    return this.#cursor.take(grant, question, question.from);
  }

  /**
   * Far behind, and fresh no longer or not yet: everything in one piece, where that can be had. It
   * makes nothing fresh; the whole grant that is asked for next does. One that does not come holds
   * nothing up: the log comes bit by bit until it is there.
   *
   * @returns whether it has led any further
   */
  async #takeSnapshot(): Promise<boolean> {
    const { ledger, clock, merge = loadAndMerge, onMerged } = this.#options;
    if (this.#freshness.holds(clock.monotonic())) return false;
    const incarnation = this.#incarnation;
    const before = this.#cursor.position;
    const snapshot = await this.#snapshot.take();
    if (snapshot === undefined) return false;
    try {
      const { epoch, position } = await merge(ledger, clock, snapshot.bytes);
      this.#step('snapshot');
      // What was merged was revoked, and stays. Where it stands counts in the same log only.
      if (incarnation !== this.#incarnation) return false;
      if (!this.#cursor.merged(epoch, position, snapshot.at)) return false;
    } catch {
      this.#stats.grantFailures += 1;
    } finally {
      // A late answer may have made it fresh in between, and something may be watched since.
      onMerged?.();
    }
    return this.#cursor.position > before;
  }

  /** @returns whether it has made this verifier fresh, for all that lay between question and answer */
  #applyGrant(grant: Grant, asked: Question): boolean {
    this.#applyPartialGrant(grant, asked);
    this.#options.onKeys?.(grant.keys ?? []);
    this.#options.onAccess?.(grant.access, asked.at);
    this.#stats.grants += 1;
    // By its owner, who listens to what was applied: then nothing makes it fresh any more.
    if (this.#state === 'CLOSED') return false;
    // Only now, with everything applied.
    this.#freshness.granted(firstOf(asked), grant.max_staleness_ms);
    this.#snapshot.drop();
    this.#options.ledger.evict(this.#issuerClock.now());
    const fresh = this.#freshness.holds(this.#options.clock.monotonic());
    this.#step(fresh ? 'grant' : 'grant too old');
    return fresh;
  }

  /**
   * The log's history is another one. What was applied stays, since it was revoked; what was vouched
   * for does not. A new incarnation voids every answer that is still on its way.
   *
   * Where it was a snapshot that has led astray, under this very epoch, the next one is not taken at
   * once: it may be the same.
   */
  #resynchronise({ from }: Question, epoch: EpochId): void {
    const isAstray = this.#cursor.wasLedAstray(from, epoch);
    const former = this.#incarnation;
    this.#incarnation = newId('inc');
    this.#issuerTakes.reset();
    this.#cursor.reset();
    this.#freshness.end();
    if (isAstray) this.#snapshot.drop();
    else this.#snapshot.reset();
    this.#step('another log');
    this.#options.onOtherLog?.();
    void this.#options.feed.deregister({ version: 1, incarnation: former });
  }
}

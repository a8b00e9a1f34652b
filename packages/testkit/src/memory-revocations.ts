/**
 * A revocation log in memory, and feeds of it for verifiers in the same process.
 *
 * It speaks the protocol of the contracts (grants that carry what is missing, pushes, numbering),
 * for the tests of services that verify. What the log promises across crashes it does not promise.
 */
import {
  MAX_GRANTED_EVENTS,
  newId,
  readGrantReply,
  readRevocationEvent,
  REVOCATION_KINDS,
  type Acknowledgement,
  type EpochId,
  type GrantedAccess,
  type Deregistration,
  type GrantReply,
  type GrantRequest,
  type Numbered,
  type RevocationEvent,
} from '@portcullis/contracts';

/** The shape of `RevocationFeed` and its listener in `@portcullis/verify`, which this may not import. */
export interface MemoryFeedListener {
  revocation(bytes: Uint8Array): void;
  numbered(bytes: Uint8Array): void;
  restored(): void;
}

export interface MemoryFeed {
  open(listener: MemoryFeedListener): Promise<void>;
  request(request: GrantRequest, timeoutMs: number): Promise<Uint8Array>;
  acknowledge(acknowledgement: Acknowledgement): void;
  deregister(deregister: Deregistration): Promise<void>;
  close(): Promise<void>;
}

// Distributes over the kinds, so that each keeps its own key and generation.
type Whole<E> = E extends RevocationEvent
  ? Omit<
      E,
      | 'version'
      | 'id'
      | 'position'
      | 'occurred_at'
      | 'expires_at'
      | 'actor'
      | 'request_id'
      | 'reason'
    > &
      Partial<Pick<E, 'id' | 'occurred_at' | 'expires_at' | 'actor' | 'request_id' | 'reason'>>
  : never;
/** What has to be said of a revocation: its kind and key, and its generation where there is one. */
export type RevocationSpec = Whole<RevocationEvent>;

const bytesOf = (message: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(message));

export class MemoryRevocations {
  /** S, in milliseconds: for how long after asking a verifier may accept. */
  maxStalenessMs = 5_000;
  /** False: pushes are lost, as when the bus is unavailable; grants still carry everything. */
  pushes = true;
  /** False: requests for grants get no answer, as when the issuer is unavailable. */
  answers = true;
  /** Vouches for keys of the issuer, which go with every grant. */
  keys: readonly string[] = [];
  /** What roles carry, which goes with every grant; undefined: as of an issuer that knows no roles but Portcullis' own. */
  access: GrantedAccess | undefined;
  /** Which mapping each verifier has said it enforces, by its incarnation. */
  readonly enforced = new Map<string, number>();
  /** Everything that verifiers have acknowledged, by event id. */
  readonly acknowledged = new Map<string, Set<string>>();
  readonly #log: RevocationEvent[] = [];
  readonly #listeners = new Set<MemoryFeedListener>();
  readonly #now: () => number;
  #epoch: EpochId = newId('epo');

  /** @param now the issuer's clock, in milliseconds since the epoch */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** The epoch of the log as it is now. */
  get epoch(): EpochId {
    return this.#epoch;
  }

  get log(): readonly RevocationEvent[] {
    return this.#log;
  }

  /** @throws TypeError for an event that the contracts do not allow */
  revoke(spec: RevocationSpec): RevocationEvent {
    const id = newId('evt');
    const event = readRevocationEvent({
      version: 1,
      id,
      position: this.#log.length + 1,
      reason: 'administrator',
      occurred_at: this.#now(),
      expires_at: REVOCATION_KINDS[spec.kind].kept === 'for ever' ? null : this.#now() + 3_600_000,
      actor: { kind: 'system', id: 'testkit' },
      request_id: 'req_testkit',
      ...spec,
    });
    if (event === undefined) throw new TypeError('a revocation of another form');
    this.#log.push(event);
    if (this.pushes) for (const listener of this.#listeners) this.#push(listener, event);
    return event;
  }

  /** Begins a log that has nothing to do with the one before, as after a restored backup. */
  newEpoch(): void {
    this.#epoch = newId('epo');
    this.#log.length = 0;
  }

  /** Forgets what stands after that position, under the same epoch: a backup restored in silence. */
  goBack(position: number): void {
    this.#log.length = Math.min(this.#log.length, position);
  }

  /** A feed for one verifier. */
  feed(): MemoryFeed {
    let mine: MemoryFeedListener | undefined;
    return {
      open: async (listener) => {
        mine = listener;
        this.#listeners.add(listener);
      },
      request: async (request) => {
        if (!this.answers) throw new Error('the in-memory issuer does not answer');
        this.#note(request.incarnation, request.applied);
        if (request.access !== undefined) this.enforced.set(request.incarnation, request.access);
        return bytesOf(this.#answer(request));
      },
      acknowledge: ({ incarnation, applied }) => this.#note(incarnation, applied),
      deregister: async () => {},
      close: async () => {
        if (mine !== undefined) this.#listeners.delete(mine);
      },
    };
  }

  #push(listener: MemoryFeedListener, event: RevocationEvent): void {
    const { position = 0, ...unnumbered } = event;
    const before = this.#log[position - 2];
    const numbered: Numbered = {
      version: 1,
      epoch: this.#epoch,
      ...(before === undefined
        ? { first: position, ids: [event.id] }
        : { first: position - 1, ids: [before.id, event.id] }),
    };
    listener.revocation(bytesOf(unnumbered));
    listener.numbered(bytesOf(numbered));
  }

  #answer(request: GrantRequest): GrantReply {
    const { nonce, incarnation } = request;
    const every = { version: 1 as const, nonce, incarnation, epoch: this.#epoch };
    const isOther = request.epoch !== null && request.epoch !== this.#epoch;
    if (isOther || request.position > this.#log.length) {
      return { ...every, outcome: 'resynchronise' };
    }
    const events = this.#log.slice(request.position, request.position + MAX_GRANTED_EVENTS);
    const position = request.position + events.length;
    const from = this.#log[request.position - 1] ?? null;
    const reply = readGrantReply({
      ...every,
      outcome: 'granted',
      from,
      position,
      events,
      complete: position >= this.#log.length,
      max_staleness_ms: this.maxStalenessMs,
      issuer_time: this.#now(),
      ...(this.keys.length === 0 ? {} : { keys: [...this.keys] }),
      ...(this.access === undefined ? {} : { access: this.#accessFor(incarnation, this.access) }),
    });
    if (reply === undefined) throw new TypeError('an answer of another form');
    return reply;
  }

  /** Without the document for those who have said that they enforce it. */
  #accessFor(incarnation: string, { number, document }: GrantedAccess): GrantedAccess {
    const isKnown = document === undefined || this.enforced.get(incarnation) === number;
    return isKnown ? { number } : { number, document };
  }

  #note(incarnation: string, applied: readonly string[]): void {
    for (const id of applied) {
      const by = this.acknowledged.get(id) ?? new Set();
      this.acknowledged.set(id, by.add(incarnation));
    }
  }
}

/**
 * The one database: what is committed, in which order, and who holds which lock.
 *
 * Isolation is that of READ COMMITTED, seen from the statements that auth really sends. What is in
 * the tables is committed; a transaction keeps its writes to itself until they enter the tables, all
 * at once, at its commit. So a statement that copies from the tables at one instant has a snapshot.
 */
import type {
  ClientId,
  ClientSubject,
  EpochId,
  EventId,
  IncarnationId,
  KeyId,
  SessionId,
  UserId,
} from '@portcullis/contracts';
import type { History, Revocation } from '../history.ts';
import type { Random } from '../world/random.ts';
import type { World } from '../world/world.ts';
import { DatabaseClock } from './clock.ts';
import { Locks } from './locks.ts';

export interface LogRow {
  revocation: Revocation;
  occurredAt: number;
  position: number | null;
  publishedAt: number | null;
}

export interface VerifierRow {
  service: string;
  policy: string;
  maxStalenessMs: number;
  epoch: EpochId | null;
  position: number;
  renewals: number;
  renewedAt: number;
  kinds: readonly string[] | null;
}

/** Undoes what it was given for: when the database is restored to a moment before. */
export type Undo = () => unknown;

const nothing: Undo = () => {};

/** How long things take, in milliseconds. */
export interface Pace {
  /** The most that one way to the database and back takes, usually. */
  hop: number;
  /** How often something takes long, and how long at most. */
  slow: number;
  longest: number;
}

export class Database {
  readonly world: World;
  readonly history: History;
  readonly random: Random;
  readonly clock: DatabaseClock;
  readonly locks: Locks;
  readonly log = new Map<EventId, LogRow>();
  readonly verifiers = new Map<IncarnationId, VerifierRow>();
  readonly users = new Map<UserId, { generation: number }>();
  readonly sessions = new Map<SessionId, { user: UserId; client: ClientId; endedBy?: EventId }>();
  readonly clients = new Map<ClientId, { generation: number }>();
  /** Of what one client holds for one user, where any of it was ever ended. */
  readonly clientSubjects = new Map<ClientSubject, number>();
  readonly keys = new Map<KeyId, { killed: boolean }>();
  readonly issuer = { generation: 1 };
  head = 0;
  epoch: EpochId;
  pace: Pace = { hop: 1, slow: 0, longest: 0 };
  readonly firstEpoch: EpochId;
  /** Positions are given out when rows are numbered. */
  positionOfNewRow: () => number | null = () => null;
  /** What a row of the registry shows after its next grant: never what it has shown before. */
  nextRenewal: (former: number | undefined) => number = () => (this.#renewals += 1);
  /** Whether a position can be of the log as it is. */
  isWithin: (position: number) => boolean = (position) => position <= this.head;
  /** Counts how often every connection was lost at once. */
  breaks = 0;
  #renewals = 0;
  #reachable = true;
  #frozen: (() => void)[] | undefined;
  readonly #commits: { at: number; undo: Undo }[] = [];
  /** Of the registry of verifiers. */
  readonly #registrations: { at: number; undo: Undo }[] = [];
  #restoredAt = 0;
  readonly #onBreak = new Set<() => void>();

  constructor(world: World, history: History, random: Random, clockRate: number) {
    this.world = world;
    this.history = history;
    this.random = random;
    this.clock = new DatabaseClock(world, Date.UTC(2026, 0, 1), clockRate);
    this.locks = new Locks(world);
    this.firstEpoch = random.id('epo');
    this.epoch = this.firstEpoch;
  }

  /** One way over the network, or the work of one statement. */
  duration(): number {
    const { hop, slow, longest } = this.pace;
    return this.random.chance(slow)
      ? this.random.between(hop, longest)
      : this.random.between(0.05, hop);
  }

  /** Runs what arrives here. @throws when the database does not take it */
  async serve<T>(work: () => T | Promise<T>): Promise<T> {
    while (this.#frozen !== undefined) {
      const frozen = this.#frozen;
      await new Promise<void>((resolve) => frozen.push(resolve));
    }
    if (!this.#reachable) throw new Error('the database refuses connections');
    return await work();
  }

  /** Enters the tables: this is the moment of the commit. */
  commit(writes: readonly (() => Undo | void)[]): void {
    for (const write of writes) {
      this.#commits.push({ at: this.world.now, undo: write() ?? nothing });
    }
  }

  /** Of one verifier, in the registry; undefined takes it off. */
  enroll(incarnation: IncarnationId, row: VerifierRow | undefined): void {
    const former = this.verifiers.get(incarnation);
    const put = (value: VerifierRow | undefined): void => {
      if (value === undefined) this.verifiers.delete(incarnation);
      else this.verifiers.set(incarnation, value);
    };
    put(row);
    this.#registrations.push({ at: this.world.now, undo: () => put(former) });
  }

  /** Stops, and goes on where it was. */
  freeze(): void {
    this.#frozen ??= [];
  }

  thaw(): void {
    const frozen = this.#frozen ?? [];
    this.#frozen = undefined;
    for (const go of frozen) go();
  }

  /** Every transaction that is open is rolled back, and every answer under way is lost. */
  break(): void {
    this.breaks += 1;
    this.#reachable = false;
    for (const tell of this.#onBreak) tell();
  }

  recover(): void {
    this.#reachable = true;
  }

  onBreak(tell: () => void): () => void {
    this.#onBreak.add(tell);
    return () => this.#onBreak.delete(tell);
  }

  /** What was committed after `moment` never was; and so the log is another one from now on. */
  restore(moment: number): void {
    this.#undo(this.#commits, moment);
    this.epoch = this.random.id('epo');
  }

  /** As it was at that moment, the registry and the epoch too; not before what `restoreBackup` did. */
  goBack(moment: number): void {
    this.#undo(this.#commits, Math.max(moment, this.#restoredAt));
    this.#undo(this.#registrations, moment);
    this.history.record({ what: 'went back' });
  }

  /** The same, and then what is done to a backup before auth starts (`afterRestore`). */
  restoreBackup(moment: number, afterRestore: () => readonly (() => Undo | void)[]): void {
    this.goBack(moment);
    this.epoch = this.random.id('epo');
    this.commit(afterRestore());
    this.#restoredAt = this.world.now;
    this.history.record({ what: 'restored' });
  }

  #undo(commits: { at: number; undo: Undo }[], moment: number): void {
    while ((commits.at(-1)?.at ?? Number.NEGATIVE_INFINITY) > moment) commits.pop()?.undo();
  }
}

/**
 * A process's connections to the database. An answer takes its time both ways, finds the process paused
 * or dead, or is lost with the connection after the work was done: then the outcome is unknown.
 */
import type { Process } from '../world/process.ts';
import type { Database, Undo } from './database.ts';
import type { Strength } from './locks.ts';

export interface ConnectionOptions {
  /** A transaction in which nothing happens for so long is rolled back. */
  idleMs: number;
  lockMs: number;
}

/** As in `connectProtocol` and `connectPostgres`. */
export const PROTOCOL_CONNECTION: ConnectionOptions = { idleMs: 1_000, lockMs: 1_000 };
export const MAIN_CONNECTION: ConnectionOptions = { idleMs: 5_000, lockMs: 2_000 };

export class Connection {
  readonly database: Database;
  readonly process: Process;
  readonly options: ConnectionOptions;

  constructor(database: Database, process: Process, options: ConnectionOptions) {
    this.database = database;
    this.process = process;
    this.options = options;
  }

  /** One statement, which is a transaction of its own. */
  async statement<T>(work: () => T | Promise<T>): Promise<T> {
    const { database, process } = this;
    const { world, breaks } = database;
    return await new Promise<T>((resolve, reject) => {
      const answer = (settle: () => void): void => {
        world.after(database.duration(), () =>
          process.enter(() => {
            if (database.breaks === breaks) settle();
            else reject(new Error('the connection was lost'));
          }),
        );
      };
      world.after(database.duration(), () => {
        database.serve(work).then(
          (value) => answer(() => resolve(value)),
          (error: unknown) => answer(() => reject(error)),
        );
      });
    });
  }

  begin(): Transaction {
    return new Transaction(this);
  }
}

export class Transaction {
  readonly #connection: Connection;
  readonly #forget: () => void;
  #writes: (() => Undo | void)[] = [];
  #idle: { cancel(): void } | undefined;
  #over = false;

  constructor(connection: Connection) {
    this.#connection = connection;
    const { database, process } = connection;
    this.#forget = database.onBreak(() => this.#end());
    // The server notices that the other side is gone.
    process.onDeath(() => database.world.after(database.duration(), () => this.#end()));
  }

  /** One statement in it. */
  async step<T>(work: () => T | Promise<T>): Promise<T> {
    return await this.#connection.statement(async () => {
      this.#goOn();
      try {
        const result = await work();
        this.#goOn();
        this.#wait();
        return result;
      } catch (error) {
        this.#end();
        throw error;
      }
    });
  }

  /** Within a step. */
  async lock(row: string, strength?: Strength): Promise<void> {
    const { database, options } = this.#connection;
    await database.locks.take(row, this, options.lockMs, strength);
  }

  /** Within a step: what enters the tables at the commit. */
  write(write: () => Undo | void): void {
    this.#writes.push(write);
  }

  async commit(): Promise<void> {
    await this.#connection.statement(() => {
      this.#goOn();
      this.#connection.database.commit(this.#writes);
      this.#end();
    });
  }

  #goOn(): void {
    this.#idle?.cancel();
    if (this.#over) throw new Error('the transaction was rolled back');
  }

  #wait(): void {
    const { database, options } = this.#connection;
    this.#idle = database.world.after(options.idleMs, () => this.#end());
  }

  /** Nothing of it is left, unless it has committed. */
  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#writes = [];
    this.#idle?.cancel();
    this.#forget();
    this.#connection.database.locks.release(this);
  }
}

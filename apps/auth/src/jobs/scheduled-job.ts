/** What an entry of the catalogue says of a job that is done again and again. */
import type { z } from 'zod';
import type { Queryable, Transaction } from '../database/database.ts';

/** What the work of jobs is done with, besides the transaction. */
export interface JobParts {
  /** Puts in mails that wait and have no job. */
  putMissingMails(on: Queryable): Promise<void>;
  /** Has a transaction and a lock of its own, in which it asks whether it is due. */
  rotateKeyWhenDue(): Promise<void>;
}

export interface ScheduledJob {
  /** Of what a job carries. */
  schema: z.ZodType;
  /** From one time that it is due to the next. */
  periodSeconds: number;
  /** Of all its steps; what is not done by then waits for the next time. */
  timeoutSeconds: number;
  /** What that means, for operators. */
  whileRedisIsAway: string;
  /**
   * A part of the work that is short enough for one transaction, which holds the lock of the job. What it
   * changes, it changes in this transaction, or in one that asks for itself whether the change is due.
   */
  step(tx: Transaction, parts: JobParts): Promise<'done' | 'more'>;
}

import type { Sql } from 'postgres';
import type { Request } from './load.ts';

/** A database whose migrations are tried. */
export interface Subject {
  readonly name: 'auth' | 'user';
  /** Puts in as much as there may be, in what there is by now. Asked after each migration. */
  fill(sql: Sql, rows: number): Promise<void>;
  /** What the service does, in the schema of any time: only columns that there always were. */
  requests(sql: Sql): Request[];
}

/**
 * Verifies the audit trail from end to end, and names what is wrong.
 *
 * What it finds by the table alone: a row that was changed, taken out, exchanged with another, or
 * rewritten together with its own hash. An attacker who rewrites all later rows and the head as well
 * leaves a table that fits; the published heads are for that. Not found here: a row that was forged as
 * if auth had written it (also that a backup was restored: which it lists for that), and one that was
 * removed before it was chained, against which the trigger of the database is all there is.
 */
import { hashOf, type AuditHead } from './chain.ts';
import { GENESIS } from '../database/schema/audit.ts';
import { opens } from '../change/origin.ts';
import type { ChainedRow, ReadableTrail, RestoredTrail } from './trail.ts';

export interface PublishedHead extends AuditHead {
  /** In the stream. */
  sequence: number;
  /** When NATS stored it. */
  at: Date;
}

export interface TrailVerdict {
  head: AuditHead;
  /** Published heads that were compared. */
  compared: number;
  /**
   * What restored backups have lost, in words. An operator who has restored none has been deceived: who
   * may write to the database may write such a row as well.
   */
  restores: string[];
  /** Rows whose address was taken out: of accounts that were deleted, or by who owns the database. */
  addressesRemoved: number;
  /** In words; empty when everything holds. */
  problems: string[];
}

/** A trail that was replaced altogether needs no longer list. */
const MAX_PROBLEMS = 100;

/** @param published read before this is called, so that the table reaches at least as far */
export async function verifyTrail(
  trail: ReadableTrail,
  published: readonly PublishedHead[],
): Promise<TrailVerdict> {
  const problems: string[] = [];
  const restores = await trail.restores();
  const lost = (one: PublishedHead): boolean =>
    restores.some(
      ({ position, headsUntil }) => one.position > position && one.sequence <= headsUntil,
    );
  const heads = new HeadsByPosition(published.filter((one) => !lost(one)));
  const head = await trail.head();
  let last: ChainedRow | undefined;
  /** One that does not hold is named already. */
  let lastHeld = true;
  let position = 0;
  let addressesRemoved = 0;

  for (;;) {
    const rows = await trail.rows(position);
    if (rows.length === 0 || problems.length >= MAX_PROBLEMS) break;
    for (const row of rows) {
      if (row.position !== position + 1) problems.push(missing(position + 1, row.position - 1));
      const holds = hashOf(row.previousHash, row).equals(row.hash);
      if (!holds) {
        problems.push(`${nameOf(row)} was changed`);
      } else if (row.position === position + 1 && lastHeld) {
        const before = last?.hash ?? GENESIS;
        if (!row.previousHash.equals(before)) {
          problems.push(
            last === undefined
              ? `${nameOf(row)} does not begin the trail`
              : `${nameOf(last)} was changed, and its hash with it`,
          );
        }
      }
      if (row.origin !== null && row.opened === null) addressesRemoved += 1;
      if (row.opened !== null && !opens({ commitment: row.origin ?? '', ...row.opened })) {
        problems.push(`the address of ${nameOf(row)} was changed`);
      }
      heads.meet(row);
      last = row;
      lastHeld = holds;
      position = row.position;
    }
  }

  if (problems.length < MAX_PROBLEMS) {
    if (head.position > position) problems.push(missing(position + 1, head.position));
    else if (head.position < position) problems.push('the head stands before the last row');
    else if (last !== undefined && head.hash !== last.hash.toString('hex')) {
      problems.push('the head is not that of the last row');
    }
    problems.push(...heads.problems(position));
  }
  const forgotten = await trail.forgotten();
  if (forgotten > 0) problems.push(`${forgotten} row(s) have waited for their place for too long`);
  return {
    head,
    compared: published.filter((one) => !lost(one)).length,
    restores: restores.map((restore) => lossOf(restore, published)),
    addressesRemoved: addressesRemoved,
    problems,
  };
}

/** Compares what was published with the rows as they go by. */
class HeadsByPosition {
  readonly #waiting = new Map<number, PublishedHead[]>();
  #agreed = 0;
  #differing: PublishedHead | undefined;

  constructor(published: readonly PublishedHead[]) {
    for (const head of published) {
      const same = this.#waiting.get(head.position);
      if (same === undefined) this.#waiting.set(head.position, [head]);
      else same.push(head);
    }
  }

  meet({ position, hash }: ChainedRow): void {
    const heads = this.#waiting.get(position);
    if (heads === undefined) return;
    this.#waiting.delete(position);
    const differing = heads.find((head) => head.hash !== hash.toString('hex'));
    if (differing !== undefined) this.#differing ??= differing;
    else if (this.#differing === undefined) this.#agreed = position;
  }

  problems(last: number): string[] {
    const found: string[] = [];
    if (this.#differing !== undefined) {
      const { position, at } = this.#differing;
      found.push(
        `the trail was rewritten from a row between ${this.#agreed + 1} and ${position} on: ` +
          `another head was published at ${at.toISOString()}`,
      );
    }
    const beyond = [...this.#waiting.values()].flat().filter((head) => head.position > last);
    const furthest = beyond.toSorted((a, b) => a.position - b.position).at(-1);
    if (furthest !== undefined) {
      found.push(
        `${missing(last + 1, furthest.position)} from the end: ` +
          `their head was published at ${furthest.at.toISOString()}`,
      );
    }
    return found;
  }
}

function lossOf(
  { at, position, headsUntil }: RestoredTrail,
  published: readonly PublishedHead[],
): string {
  const last = published
    .filter(({ sequence }) => sequence <= headsUntil)
    .reduce((furthest, one) => Math.max(furthest, one.position), position);
  const what = last > position ? `rows ${position + 1} to ${last} of before` : 'no published row';
  return `a backup was restored at ${at.toISOString()}, and has lost ${what}`;
}

function missing(first: number, last: number): string {
  return first === last ? `row ${first} was deleted` : `rows ${first} to ${last} were deleted`;
}

function nameOf({ position, sequence, action, at }: ChainedRow): string {
  return `row ${position} (sequence ${sequence}, ${action} at ${at})`;
}

/**
 * The one way to change access.
 *
 * Invariant (SPEC.md A9): the state, the rows of the revocation log, the audit row, the events for other services
 * and the intents to send mails commit together or not at all. What has committed is handed to
 * `committed` (which pushes and numbers it); if this process dies before that, another one publishes it
 * from the log.
 *
 * What is done most often is one statement in place of a transaction, which PostgreSQL commits or not as a whole: a
 * login, which revokes nothing, so that there is nothing to publish (session/open-session.ts), and the end of one
 * session (session/end-live-session.ts), which is handed on from here as well.
 */
import type { EventId, MailId, RevocationEvent, RevocationReason } from '@portcullis/contracts';
import type { Database, Transaction } from '../database/database.ts';
import type { Cause } from './cause.ts';
import type { MailIntent } from './mail-intent.ts';
import { writeAnnouncement, type Announcement } from './write-announcement.ts';
import { writeAuditEntry, type AuditEntry } from './write-audit-entry.ts';
import { writeMailIntent } from './write-intent.ts';
import { writeRevocation, type Revocation } from './write-revocation.ts';

export type { Cause } from './cause.ts';
export type { AuditEntry } from './write-audit-entry.ts';

/** What a verb may do inside of a change. Everything goes into its one transaction. */
export interface Change {
  readonly tx: Transaction;
  /** Revokes access. The id is also what `sessions.ended_by` holds. */
  revoke(revocation: Revocation, reason: RevocationReason): Promise<EventId>;
  /**
   * Publishes an event for other services. Events about one account have the order of their commits,
   * and each has a time of its own. @returns it
   */
  publish(event: Announcement): Promise<Date>;
  /** Has a mail sent, if and only if this commits. */
  mail(intent: MailIntent): Promise<MailId>;
  /** From here on, audit rows do not say from where it was asked. */
  omitAddress(): void;
  /** Required at least once: a change without an audit entry does not commit. */
  audit(entry: AuditEntry): Promise<void>;
}

export interface Changed<T> {
  result: T;
  revocations: RevocationEvent[];
}

export type WithChange = <T>(
  cause: Cause,
  work: (change: Change) => Promise<T>,
) => Promise<Changed<T>>;

/**
 * A change that is one statement, with its row in the audit trail.
 *
 * @param statement resolves, when it has committed, to what it has revoked; null: it has changed nothing. It is given
 *   for how long a row of the log is kept, in seconds
 */
export type AtOnce = (
  statement: (entryLifeSeconds: number) => Promise<RevocationEvent | null>,
) => Promise<RevocationEvent | null>;

export interface UnitOfWork {
  readonly withChange: WithChange;
  readonly atOnce: AtOnce;
}

export interface ChangeDependencies {
  database: Database;
  /** The greatest life of an access token plus the margin, in seconds. */
  entryLifeSeconds: number;
  /** Called right after the commit, in the same turn; must not throw and not wait. */
  committed(
    revocations: readonly RevocationEvent[],
    announced: boolean,
    mails: readonly MailId[],
  ): void;
}

export function createUnitOfWork(dependencies: ChangeDependencies): UnitOfWork {
  const { database, entryLifeSeconds, committed } = dependencies;

  const withChange: WithChange = async (cause, work) => {
    const { changed, announced, mails } = await database.transaction(async (tx) => {
      const written: Written = { revocations: [], mails: [], announced: false, audited: false };
      const result = await work(changeWithin(tx, cause, entryLifeSeconds, written));
      const { audited, revocations, ...rest } = written;
      if (!audited) throw new Error('a change without an audit row does not commit');
      return { changed: { result, revocations }, ...rest };
    });
    committed(changed.revocations, announced, mails);
    return changed;
  };
  return {
    withChange,
    async atOnce(statement) {
      const revoked = await statement(entryLifeSeconds);
      if (revoked !== null) committed([revoked], false, []);
      return revoked;
    },
  };
}

/** What one change has put into its transaction so far. */
interface Written {
  revocations: RevocationEvent[];
  mails: MailId[];
  announced: boolean;
  audited: boolean;
}

function changeWithin(
  tx: Transaction,
  cause: Cause,
  entryLifeSeconds: number,
  written: Written,
): Change {
  let { address } = cause;
  return {
    tx,
    async revoke(revocation, reason) {
      const event = await writeRevocation(tx, cause, { revocation, reason, entryLifeSeconds });
      written.revocations.push(event);
      return event.id;
    },
    async publish(event) {
      const at = await writeAnnouncement(tx, cause, event);
      written.announced = true;
      return at;
    },
    async mail(intent) {
      const id = await writeMailIntent(tx, intent, cause.requestId);
      written.mails.push(id);
      return id;
    },
    omitAddress() {
      address = null;
    },
    async audit(entry) {
      await writeAuditEntry(tx, { ...cause, address }, entry);
      written.audited = true;
    },
  };
}

/**
 * The one way to change who may do what.
 *
 * Invariant: the state, the rows of the revocation log, the audit row, the events for other services
 * and the intents to send mails commit together or not at all. What has committed is handed to
 * `committed` (which pushes and numbers it); if this process dies before that, another one publishes it
 * from the log.
 *
 * A login takes nothing away, so there is nothing to publish: it is a statement of its own
 * (session/open-session.ts).
 */
import {
  newId,
  type AccountEvent,
  type Actor,
  type ClientId,
  type EventId,
  type KeyId,
  type MailId,
  type RevocationEvent,
  type RevocationReason,
  type SessionId,
  type TokenId,
  type UserId,
} from '@portcullis/contracts';
import { sql } from 'drizzle-orm';
import { originOf } from './origin.ts';
import type { MailIntent } from './mail-intent.ts';
import { writeMailIntent } from './write-intent.ts';
import type { Database, Transaction } from '../database/database.ts';
import { accountEvents, auditLog, auditOrigins, revocationLog } from '../database/schema/index.ts';
import { eventOfRow } from './event-of-row.ts';
import { stampAnnouncement } from './stamp-announcement.ts';

/** Who does it, and on whose request. */
export interface Cause {
  actor: Actor;
  requestId: string;
  address: string | null;
}

export type Cut =
  | { kind: 'session'; key: SessionId }
  | { kind: 'token'; key: TokenId }
  | { kind: 'subject' | 'changed'; key: UserId; generation: number }
  | { kind: 'client'; key: ClientId; generation: number }
  | { kind: 'key'; key: KeyId }
  | { kind: 'issuer'; key: 'issuer'; generation: number };

export interface AuditEntry {
  action: string;
  target: { kind: string; id: string };
  /** No secrets and no personal data. */
  detail?: Record<string, unknown>;
}

type WithoutEnvelope<E> = E extends unknown
  ? Omit<E, 'version' | 'id' | 'occurred_at' | 'actor' | 'request_id'>
  : never;

/** What a verb may do inside of a change. Everything goes into its one transaction. */
export interface Change {
  readonly tx: Transaction;
  /** Takes access away. The id is also what `sessions.ended_by` holds. */
  revoke(cut: Cut, reason: RevocationReason): Promise<EventId>;
  /**
   * Tells other services. Events about one account have the order of their commits, and each has a
   * time of its own. @returns it
   */
  announce(event: WithoutEnvelope<AccountEvent>): Promise<Date>;
  /** Has a mail sent, if and only if this commits. */
  mail(intent: MailIntent): Promise<MailId>;
  /** From here on, audit rows do not say from where it was asked. */
  withoutAddress(): void;
  /** Required once at least: a change that nobody can account for does not commit. */
  audit(entry: AuditEntry): Promise<void>;
}

export interface Changed<T> {
  result: T;
  revocations: RevocationEvent[];
}

export type MakeChange = <T>(
  cause: Cause,
  work: (change: Change) => Promise<T>,
) => Promise<Changed<T>>;

export interface ChangeDependencies {
  database: Database;
  /** The greatest life of an access token plus the margin, in seconds. */
  entryLifeSeconds: number;
  /** Told right after the commit, in the same turn; must not throw and not wait. */
  committed(
    revocations: readonly RevocationEvent[],
    announced: boolean,
    mails: readonly MailId[],
  ): void;
}

export function createMakeChange(dependencies: ChangeDependencies): MakeChange {
  const { database, entryLifeSeconds, committed } = dependencies;

  return async (cause, work) => {
    const { changed, announced, mails } = await database.transaction(async (tx) => {
      const revocations: RevocationEvent[] = [];
      const mailed: MailId[] = [];
      let { address } = cause;
      let audited = false;
      let announcedAny = false;
      const result = await work({
        tx,
        async revoke(cut, reason) {
          const forEver = cut.kind === 'key' || cut.kind === 'issuer';
          const [row] = await tx
            .insert(revocationLog)
            .values({
              id: newId('evt'),
              kind: cut.kind,
              key: cut.key,
              generation: 'generation' in cut ? cut.generation : null,
              reason,
              expiresAt: forEver
                ? null
                : sql`clock_timestamp() + make_interval(secs => ${entryLifeSeconds})`,
              actorKind: cause.actor.kind,
              actorId: cause.actor.id,
              requestId: cause.requestId,
            })
            .returning();
          const event = eventOfRow(row);
          revocations.push(event);
          return event.id;
        },
        async announce(event) {
          const id = newId('evt');
          const whole = {
            ...event,
            version: 1,
            id,
            actor: cause.actor,
            request_id: cause.requestId,
          };
          const at = await stampAnnouncement(tx, event.user_id);
          await tx.insert(accountEvents).values({
            id,
            userId: event.user_id,
            event: { ...whole, occurred_at: at.getTime() },
            occurredAt: at,
          });
          announcedAny = true;
          return at;
        },
        async mail(intent) {
          const id = await writeMailIntent(tx, intent, cause.requestId);
          mailed.push(id);
          return id;
        },
        withoutAddress() {
          address = null;
        },
        async audit(entry) {
          const origin = address === null ? null : originOf(address);
          const row = tx.insert(auditLog).values({
            action: entry.action,
            actorKind: cause.actor.kind,
            actorId: cause.actor.id,
            targetKind: entry.target.kind,
            targetId: entry.target.id,
            origin: origin?.commitment ?? null,
            requestId: cause.requestId,
            detail: entry.detail ?? {},
          });
          // The two go to the database together.
          await Promise.all([row, origin && tx.insert(auditOrigins).values(origin)]);
          audited = true;
        },
      });
      if (!audited) throw new Error('a change without an audit row does not commit');
      return { changed: { result, revocations }, announced: announcedAny, mails: mailed };
    });
    committed(changed.revocations, announced, mails);
    return changed;
  };
}

/** What NATS has kept of the past, which a restored database may have lost. */
import type { AccountEvent, RevocationEvent } from '@portcullis/contracts';

export interface KeptStream<E> {
  stream: string;
  /** From when on everything is there; null: nothing is, or the stream is not. */
  since: Date | null;
  /** Each once, in the order in which they happened. */
  events: E[];
  /** How many events have a version that this release does not know. */
  unreadable: number;
}

export interface KeptEvents {
  accounts: KeptStream<AccountEvent>;
  revocations: KeptStream<RevocationEvent>;
  /** The sequence of the last head of the audit trail that was published; zero: none. */
  auditHeads: number;
}

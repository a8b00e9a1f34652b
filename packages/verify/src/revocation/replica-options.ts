/** What a replica is given, and what it reports. */
import type { GrantedAccess, RevocationEvent, StalenessPolicy } from '@portcullis/contracts';
import type { SnapshotPlace } from '@portcullis/snapshot/entries';
import type { Clock } from '../clock.ts';
import type { RevocationFeed } from './feed.ts';
import type { Ledger } from './ledger.ts';
import type { ReplicaState } from './replica-states.ts';

export interface ReplicaStats {
  /** Pushed events and granted events that added something. */
  applied: number;
  /** Revocations held. */
  entries: number;
  position: number;
  grants: number;
  grantFailures: number;
  /** Messages that did not parse. */
  malformed: number;
}

export interface ReplicaOptions {
  service: string;
  /** What the verifier does while it is stale; receipts count verifiers apart by it. */
  policy: StalenessPolicy;
  feed: RevocationFeed;
  ledger: Ledger;
  clock: Clock;
  /** A number in [0, 1), for jitter. */
  random?: () => number;
  /** `mergeCooperatively`, which is loaded with the first snapshot unless it is given. */
  merge?: MergeSnapshot;
  onTransition?: (to: ReplicaState, from: ReplicaState) => void;
  /** After an event was applied, for the first time or once more. */
  onEvent?: (event: RevocationEvent) => void;
  /** After an event was applied for the first time; `lagMs` is the issuer's time since it happened. */
  onApplied?: (event: RevocationEvent, lagMs: number) => void;
  /** After a snapshot was merged, which may have held anything; all of it, or what came before a defect. */
  onMerged?: () => void;
  /** The log is another one: nothing that the issuer said before can be vouched for. */
  onOtherLog?: () => void;
  /** Keys that came with a whole grant, after all that it holds was applied, and before it counts. */
  onKeys?: (vouches: readonly string[]) => void;
  /** What roles carry, of the same; right after the keys. `askedAt` is by the monotonic clock. */
  onAccess?: (granted: GrantedAccess | undefined, askedAt: number) => void;
  /** The number of the mapping of roles that is enforced here, as the next question says it; 0 for none. */
  accessNumber?: () => number;
  /** A message that did not parse. It has changed nothing; the log decides. */
  onMalformed?: MalformedListener;
}

export type MergeSnapshot = (
  ledger: Ledger,
  clock: Pick<Clock, 'monotonic'>,
  snapshot: Uint8Array,
) => Promise<SnapshotPlace>;

/** What a message was to be. */
export type MessageKind = 'push' | 'numbering' | 'grant reply';
/** @param length in bytes; the content is not handed on */
export type MalformedListener = (kind: MessageKind, length: number) => void;

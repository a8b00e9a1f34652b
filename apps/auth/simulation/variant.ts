/**
 * Removes a protection without touching the code that runs in production: a variant stands between the
 * protocol and one of its ports, or in the place of one.
 */
import type { RevocationFeed, Clock } from '@portcullis/verify';
import type { Ledger } from '@portcullis/verify/revocation';
import type { RevocationBus } from '../src/revocation/bus.ts';
import type { RevocationLog } from '../src/revocation/log.ts';
import type { Receipts } from '../src/revocation/receipts.ts';
import type { VerifierRegistry } from '../src/revocation/registry.ts';
import type { Database } from './database/database.ts';

export interface AuthPorts {
  log: RevocationLog;
  registry: VerifierRegistry;
  bus: RevocationBus;
}

export interface Variant {
  /** Called once, with the database of this run. */
  database?(database: Database): void;
  /** The ports of one instance. */
  auth?(ports: AuthPorts, database: Database): AuthPorts;
  receipts?(receipts: Receipts): Receipts;
  feed?(feed: RevocationFeed, clock: Clock): RevocationFeed;
  ledger?(): Ledger;
  /** False: a backup serves as it was restored, but for its epoch. */
  endsBackup?: false;
  /** Accepts though the replica is not fresh. */
  ignoresFreshness?: true;
}

/** The protocol as it is. */
export const COMPLETE: Variant = {};

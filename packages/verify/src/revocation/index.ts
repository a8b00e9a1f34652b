/** What a verifier holds and how it is told, for issuers, simulations and tests. */
export { Ledger, type Verdict } from './ledger.ts';
export { entriesOf } from './ledger-entries.ts';
export { mergeCooperatively, mergeSnapshot } from './merge-snapshot.ts';
export { Replica } from './replica.ts';
export type { MergeSnapshot, ReplicaOptions } from './replica-options.ts';

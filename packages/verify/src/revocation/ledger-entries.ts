/** What a ledger holds, entry by entry: for issuers and tests. A verifier never asks. */
import type { Id, RevocationKind } from '@portcullis/contracts';
import {
  encodeId,
  expiryOf,
  ID_KINDS,
  type IdKind,
  type RevocationEntry,
} from '@portcullis/snapshot';
import type { Ledger } from './ledger.ts';
import { fromKey } from './ledger/key.ts';
import { GENERATION, MOMENT } from './ledger/page.ts';
import type { RevokedIds } from './ledger/revoked-ids.ts';

type EntryOf<K extends RevocationKind> = Extract<RevocationEntry, { kind: K }>;
type Prefix<K extends IdKind> = (typeof ID_KINDS)[K]['prefix'];

/**
 * Everything held, one by one. What changes on the way may be among it or not; what does not is,
 * once.
 */
export function* entriesOf(ledger: Ledger): Generator<RevocationEntry, void, void> {
  for (const entries of Object.values(entriesOfKinds(ledger))) yield* entries;
}

/** Each is gone through as it is asked for. A kind that is missing here does not compile. */
function entriesOfKinds({ stores }: Ledger): {
  readonly [K in RevocationKind]: Iterable<EntryOf<K>>;
} {
  const generations = stores.issuer.size === 0 ? [] : [stores.issuer.generation];
  return {
    session: each(identifiedIn(stores.session), ([key, moment]) => {
      return { kind: 'session', key, expires_at: expiryOf(moment) };
    }),
    token: each(identifiedIn(stores.token), ([key, moment]) => {
      return { kind: 'token', key, expires_at: expiryOf(moment) };
    }),
    subject: each(identifiedIn(stores.subject), ([key, moment, generation]) => {
      return { kind: 'subject', key, generation, expires_at: expiryOf(moment) };
    }),
    claims_changed: each(identifiedIn(stores.claims_changed), ([key, moment, generation]) => {
      return { kind: 'claims_changed', key, generation, expires_at: expiryOf(moment) };
    }),
    client: each(stores.client.entries(), ([key, moment, generation]) => {
      return { kind: 'client', key, generation, expires_at: expiryOf(moment) };
    }),
    client_subject: each(stores.client_subject.entries(), ([key, moment, generation]) => {
      return { kind: 'client_subject', key, generation, expires_at: expiryOf(moment) };
    }),
    key: each(stores.key.all, (key) => ({ kind: 'key', key, expires_at: null })),
    issuer: each(generations, (generation) => {
      return { kind: 'issuer', key: 'issuer', generation, expires_at: null };
    }),
  };
}

/** Identifier, moment and generation of each. */
function* identifiedIn<K extends IdKind>(
  store: RevokedIds<K>,
): Generator<[id: Id<Prefix<K>>, moment: number, generation: number], void, void> {
  const { prefix, hasGeneration } = ID_KINDS[store.kind];
  for (const records of store.records()) {
    for (const record of records) {
      const moment = (record[MOMENT] ?? 0) >>> 0;
      const generation = hasGeneration ? (record[GENERATION] ?? 0) : 0;
      fromKey(record, store.seed);
      yield [encodeId(prefix, record), moment, generation];
    }
  }
}

function* each<T, Entry>(
  of: Iterable<T>,
  toEntry: (one: T) => Entry,
): Generator<Entry, void, void> {
  for (const one of of) yield toEntry(one);
}

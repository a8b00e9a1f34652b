/** What the verbs of auth do in the transaction of a change: the state, and the row of the log. */
import {
  REVOCATION_KINDS,
  type RevocationKind,
  type RevocationOf,
  type RevocationReason,
} from '@portcullis/contracts';
import { revocationEvent } from '@portcullis/contracts/schemas';
import type { Revocation } from '../history.ts';
import type { Setting } from '../setting.ts';
import type { Transaction } from '../database/connection.ts';
import type { Database, Undo } from '../database/database.ts';

export type Cut = {
  [K in RevocationKind]: Pick<RevocationOf<K>, 'kind' | 'key'>;
}[RevocationKind];

const REASONS: Record<Cut['kind'], RevocationReason> = {
  session: 'logout',
  token: 'token_revoked',
  subject: 'logout_all',
  claims_changed: 'token_claims_change',
  client: 'client_disabled',
  client_subject: 'administrator',
  key: 'key_compromised',
  issuer: 'break_glass',
};

/** Within a step of the transaction. Undefined when nothing is left to revoke. */
export async function changeState(
  { database, history, entryMarginMs, tokenLifeMs }: Setting,
  tx: Transaction,
  cut: Cut,
): Promise<Revocation | undefined> {
  await tx.lock(lockOf(cut));
  // As `revokeClientAccess`: its generation counts on from the issuer's, which so stays as it is until the commit.
  if (cut.kind === 'client_subject') await tx.lock('issuer issuer', 'share');
  const id = database.random.id('evt');
  const state = stateOf(database, cut, id);
  if (state === undefined) return undefined;
  const occurredAt = database.clock.now();
  const forEver = REVOCATION_KINDS[cut.kind].kept === 'for ever';
  const event = revocationEvent.parse({
    ...cut,
    ...(state.generation === undefined ? {} : { generation: state.generation }),
    version: 1,
    id,
    reason: REASONS[cut.kind],
    occurred_at: Math.floor(occurredAt),
    expires_at: forEver ? null : Math.ceil(occurredAt + tokenLifeMs + entryMarginMs),
    actor: { kind: 'system', id: 'simulation' },
    request_id: 'req_simulation',
  });
  const position = database.positionOfNewRow();
  const revocation: Revocation = { event, committedAt: Number.POSITIVE_INFINITY, undone: false };
  tx.write(state.write);
  tx.write(() => {
    revocation.committedAt = database.world.now;
    database.log.set(id, { revocation, occurredAt, position, publishedAt: null });
    database.head = Math.max(database.head, position ?? 0);
    history.tell('database', `committed ${id}: ${cut.kind} ${cut.key} ${state.generation ?? ''}`);
    history.record({ what: 'committed', revocation });
    return () => {
      revocation.undone = true;
      database.log.delete(id);
      history.tell('database', `lost ${id}`);
      history.record({ what: 'undone', revocation });
    };
  });
  return revocation;
}

/** What one client holds for a user is changed under the user's row, as `revokeClientAccess` is called. */
function lockOf({ kind, key }: Cut): string {
  if (kind === 'client_subject') return `subject ${key.slice(key.indexOf('/') + 1)}`;
  return `${kind === 'claims_changed' ? 'subject' : kind} ${key}`;
}

interface StateChange {
  generation?: number;
  write(): Undo;
}

/** Read under the row's lock. */
function stateOf(
  database: Database,
  cut: Cut,
  by: Revocation['event']['id'],
): StateChange | undefined {
  switch (cut.kind) {
    case 'session': {
      const session = database.sessions.get(cut.key);
      if (session === undefined || session.endedBy !== undefined) return undefined;
      return {
        write() {
          session.endedBy = by;
          return () => delete session.endedBy;
        },
      };
    }
    case 'subject':
    case 'claims_changed':
      return raised(database.users.get(cut.key));
    case 'client':
      return raised(database.clients.get(cut.key));
    case 'client_subject': {
      const { clientSubjects: pairs, issuer } = database;
      const before = pairs.get(cut.key);
      const generation = (before ?? 0) + 1;
      return {
        generation: issuer.generation + generation,
        write() {
          pairs.set(cut.key, generation);
          return () => (before === undefined ? pairs.delete(cut.key) : pairs.set(cut.key, before));
        },
      };
    }
    case 'key': {
      const key = database.keys.get(cut.key);
      if (key === undefined || key.killed) return undefined;
      const successor = database.random.id('key');
      return {
        write() {
          key.killed = true;
          database.keys.set(successor, { killed: false });
          return () => {
            key.killed = false;
            database.keys.delete(successor);
          };
        },
      };
    }
    case 'token':
      return { write: () => () => undefined };
    case 'issuer':
      return raised(database.issuer);
  }
}

function raised(row: { generation: number } | undefined): StateChange | undefined {
  if (row === undefined) return undefined;
  const before = row.generation;
  const generation = before + 1;
  return {
    generation,
    write() {
      row.generation = generation;
      return () => {
        row.generation = before;
      };
    },
  };
}

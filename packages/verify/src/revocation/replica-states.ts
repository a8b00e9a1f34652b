/**
 * The states of a replica, and what leads from one to another.
 *
 *                 ┌────────────── the log is another one ──────────────┐
 *                 ▼                                                    │
 *   SYNCING ── first grant ──▶ LIVE ── no grant for S ──▶ STALE ───────┤
 *                               ▲  └────────── renewed ◀──────┘        │
 *                               └──────────────────────────────────────┘
 *   any ── close() ──▶ CLOSED
 *
 * Invariants (SPEC.md I5): no event is without a cell; from CLOSED nothing leads on; only a grant that is fresh leads to
 * LIVE. SPEC.md says what each state and event means; test/replica-model.test.ts drives the real replica by
 * this table.
 */
export const REPLICA_STATES = ['SYNCING', 'LIVE', 'STALE', 'CLOSED'] as const;
export type ReplicaState = (typeof REPLICA_STATES)[number];

export const REPLICA_EVENTS = [
  'push',
  'positions',
  'malformed',
  'no answer',
  'partial grant',
  'snapshot',
  'grant',
  'grant too old',
  'freshness over',
  'another log',
  'close',
] as const;
export type ReplicaEvent = (typeof REPLICA_EVENTS)[number];

type Row = Readonly<Record<ReplicaEvent, ReplicaState>>;

/** What changes what is known, and not how fresh it is. */
function unchanged(state: ReplicaState) {
  return {
    push: state,
    positions: state,
    malformed: state,
    'no answer': state,
    'partial grant': state,
    snapshot: state,
    'grant too old': state,
  } as const;
}

const TRANSITIONS: Readonly<Record<ReplicaState, Row>> = {
  SYNCING: {
    ...unchanged('SYNCING'),
    grant: 'LIVE',
    'freshness over': 'SYNCING',
    'another log': 'SYNCING',
    close: 'CLOSED',
  },
  LIVE: {
    ...unchanged('LIVE'),
    grant: 'LIVE',
    'freshness over': 'STALE',
    'another log': 'SYNCING',
    close: 'CLOSED',
  },
  STALE: {
    ...unchanged('STALE'),
    grant: 'LIVE',
    'freshness over': 'STALE',
    'another log': 'SYNCING',
    close: 'CLOSED',
  },
  CLOSED: {
    ...unchanged('CLOSED'),
    grant: 'CLOSED',
    'freshness over': 'CLOSED',
    'another log': 'CLOSED',
    close: 'CLOSED',
  },
};

export function nextState(state: ReplicaState, event: ReplicaEvent): ReplicaState {
  return TRANSITIONS[state][event];
}

/** The table of SPEC.md is that of the code. infra/test/specifications.test.ts compares its invariants. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import {
  nextState,
  REPLICA_EVENTS,
  REPLICA_STATES,
  type ReplicaEvent,
  type ReplicaState,
} from '../src/revocation/replica-states.ts';

const page = readFileSync(new URL('../SPEC.md', import.meta.url), 'utf8');

/** The cells of a row of a table. */
const cellsOf = (row: string): string[] =>
  row
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

it('has the states, events and transitions of the code', () => {
  const [, table = ''] = /## Transitions\n\n([^]*?)\n\n/.exec(page) ?? [];
  const [head = '', , ...rows] = table.split('\n');
  const columns = cellsOf(head).map((cell) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, event]) => event as ReplicaEvent),
  );
  expect(columns.flat().toSorted()).toEqual(REPLICA_EVENTS.toSorted());
  expect(rows.map((row) => cellsOf(row)[0])).toEqual([...REPLICA_STATES]);
  for (const row of rows) {
    const [from, ...to] = cellsOf(row) as ReplicaState[];
    for (const [at, state] of to.entries()) {
      for (const event of columns[at + 1] ?? []) {
        expect(nextState(from ?? 'CLOSED', event), `${from} on ${event}`).toBe(state);
      }
    }
  }
});

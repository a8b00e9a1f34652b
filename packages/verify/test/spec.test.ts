/** SPEC.md, the code and the tests speak of the same states, transitions and invariants. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import {
  nextState,
  REPLICA_EVENTS,
  REPLICA_STATES,
  type ReplicaEvent,
  type ReplicaState,
} from '../src/revocation/replica-states.ts';

const ROOT = new URL('../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');
const page = read('SPEC.md');

const invariants = page
  .split(/^### (?=I\d+: )/m)
  .slice(1)
  .map((section) => ({
    id: section.slice(0, section.indexOf(':')),
    enforced: [...section.matchAll(/^- Enforced by `([^`]+)`: `([^`]+)`$/gm)],
    shown: [...section.matchAll(/^- Shown by `([^`]+)`: "([^"]+)"$/gm)],
    model: [...section.matchAll(/^- Shown by the model: `([^`]+)`$/gm)],
    simulation: [...section.matchAll(/^- Shown by the simulation: `([^`]+)`$/gm)],
  }));

/** The cells of a row of a table. */
const cellsOf = (row: string): string[] =>
  row
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

it('numbers its invariants from 1, and says of each what enforces and what shows it', () => {
  expect(invariants.map(({ id }) => id)).toEqual(invariants.map((_, at) => `I${at + 1}`));
  expect(invariants.length).toBeGreaterThan(10);
  const bare = invariants.filter(({ enforced, shown }) => enforced.length * shown.length === 0);
  expect(bare.map(({ id }) => id)).toEqual([]);
});

it('quotes lines that are in the code, and titles that are in the tests', () => {
  const wrong = invariants.flatMap(({ id, enforced, shown }) =>
    [...enforced, ...shown].flatMap(([, file = '', quoted = '']) =>
      read(file).replaceAll(/\s+/g, ' ').includes(quoted) ? [] : [`${id}: ${file}: ${quoted}`],
    ),
  );
  expect(wrong).toEqual([]);
});

it('names properties of the model, and protections that the simulation can leave out', () => {
  const model = read('../../infra/model/revocation.pml');
  const without = readdirSync(new URL('../../apps/auth/simulation/without', ROOT));
  for (const { model: properties, simulation } of invariants) {
    for (const [, name = ''] of properties) expect(model).toContain(`assert(${name})`);
    for (const [, name] of simulation) expect(without).toContain(`${name}.ts`);
  }
});

it('is named by its number where the code enforces an invariant, and nowhere else', () => {
  const files = [
    ...new Set(invariants.flatMap(({ enforced }) => enforced.map(([, file]) => file))),
  ];
  const marked = (file: string): string[] =>
    [...read(file).matchAll(/SPEC\.md ((?:I\d+(?:, | and )?)+)/g)].flatMap(
      ([, ids = '']) => ids.match(/I\d+/g) ?? [],
    );
  const all = readdirSync(new URL('src/revocation', ROOT))
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `src/revocation/${name}`);
  for (const file of new Set([...files.filter((one) => one !== undefined), ...all])) {
    const expected = invariants.filter(({ enforced }) => enforced.some(([, one]) => one === file));
    expect(marked(file).toSorted(), file).toEqual(expected.map(({ id }) => id).toSorted());
  }
});

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

/** What a row of the matrix stands on. */
export interface Ground {
  node: '20' | '22' | '24';
  nats: '2.9' | 'newest';
  postgres: '15' | '18';
  redis: 'redis 7' | 'valkey 8';
}
export type Axis = keyof Ground;

export interface Row {
  name: string;
  ground: Ground;
}

/** The oldest of each. */
const BASE: Ground = { node: '20', nats: '2.9', postgres: '15', redis: 'redis 7' };

/** One axis changes at a time. Rows on the same ground share a run. */
export const ROWS: readonly Row[] = [
  { name: 'nats-2.9', ground: BASE },
  { name: 'nats-newest', ground: { ...BASE, nats: 'newest' } },
  { name: 'postgres-15', ground: BASE },
  { name: 'postgres-18', ground: { ...BASE, postgres: '18' } },
  { name: 'node-20', ground: BASE },
  { name: 'node-22', ground: { ...BASE, node: '22' } },
  { name: 'node-24', ground: { ...BASE, node: '24' } },
  { name: 'redis-7', ground: BASE },
  { name: 'valkey-8', ground: { ...BASE, redis: 'valkey 8' } },
];

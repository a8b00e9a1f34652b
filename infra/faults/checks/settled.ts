import type { Logged } from '../history/logged.ts';

/** Every committed row has a position, all of them another one; and was published in the end. */
export function published(all: readonly Logged[]): string[] {
  const log = all.filter(({ lost }) => lost !== true);
  const places = log.map(({ position }) => position);
  const offences = log
    .filter(({ published: done, position }) => !done || position === null)
    .map(({ id, kind, published: done }) =>
      done ? `${kind} ${id} has no position` : `${kind} ${id} was never published`,
    );
  if (new Set(places).size !== places.length) offences.push('two rows with one position');
  const known = places.filter((place) => place !== null).toSorted((a, b) => a - b);
  const [first = 0] = known;
  if (known.some((place, index) => place !== first + index)) {
    offences.push('positions with a gap');
  }
  return offences;
}

/** Every row of the log has an audit row, since they commit together. */
export function audited(log: readonly Logged[]): string[] {
  return log
    .filter((logged) => !logged.audited)
    .map(({ id, kind }) => `${kind} ${id} has no audit row`);
}

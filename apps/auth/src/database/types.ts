/**
 * Types that postgres.js would otherwise look up. It asks each new connection for its array types, in a
 * promise that is never awaited: a connection that breaks just then would end the process. The one
 * array type of this schema is named here instead.
 */
import { makePgArray } from 'drizzle-orm/pg-core';

/** The type id of `text[]`, the same in every PostgreSQL. */
const TEXT_ARRAY = 1_009;

export const KNOWN_TYPES = {
  fetch_types: false,
  types: {
    textArray: {
      to: TEXT_ARRAY,
      from: [TEXT_ARRAY],
      /** Drizzle has written some of them already. */
      serialize: (value: readonly string[] | string) =>
        typeof value === 'string' ? value : makePgArray([...value]),
      parse: readTextArray,
    },
  },
};

/** As PostgreSQL writes it (section 8.15.6 of its manual). Drizzle's own reader loses backslashes. */
const ELEMENT = /"((?:[^"\\]|\\.)*)"|([^{},"]+)/gs;

function readTextArray(text: string): string[] {
  return Array.from(text.matchAll(ELEMENT), ([, quoted, plain = '']) =>
    quoted === undefined ? plain : quoted.replaceAll(/\\(.)/gs, '$1'),
  );
}

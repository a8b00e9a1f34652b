import type { Variant } from '../variant.ts';

/** Positions are those of a sequence, taken when the row is made and not when it commits. */
export const withoutDenseNumbering: Variant = {
  database(database) {
    let sequence = 0;
    database.positionOfNewRow = () => (sequence += 1);
  },
};

import { compared } from './compared.ts';
import { GROWTH } from './growth.ts';
import type { Measurement } from './measurement.ts';
import { PARTS } from './parts.ts';
import { AT_REST } from './resting.ts';
import { SEARCHES } from './searching.ts';

export const MEASUREMENTS: readonly Measurement[] = [
  ...PARTS.map(compared),
  SEARCHES,
  AT_REST,
  GROWTH,
];

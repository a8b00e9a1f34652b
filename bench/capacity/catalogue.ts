import { compared } from './compared.ts';
import { FLATNESS } from './flatness/flatness.ts';
import { GRANTS } from './grants.ts';
import { GROWTH } from './growth.ts';
import type { Measurement } from './measurement.ts';
import { PARTS } from './parts.ts';
import { AT_REST } from './resting.ts';
import { SEARCHES } from './searching.ts';
import { VERIFIER } from './verifier.ts';

export const MEASUREMENTS: readonly Measurement[] = [
  ...PARTS.map(compared),
  GRANTS,
  SEARCHES,
  FLATNESS,
  VERIFIER,
  AT_REST,
  GROWTH,
];

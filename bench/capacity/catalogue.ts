import { compared } from './compared.ts';
import { GROWTH } from './growth.ts';
import type { Measurement } from './measurement.ts';
import { PARTS } from './parts.ts';

export const MEASUREMENTS: readonly Measurement[] = [...PARTS.map(compared), GROWTH];

import type { Variant } from '../variant.ts';

/** A restored backup gets another epoch, and gives out generations that verifiers know as cut. */
export const withoutEndedBackup: Variant = { endsBackup: false };

import type { MergeSnapshot } from './replica-options.ts';

/**
 * `mergeCooperatively`, loaded with the first snapshot. One that cannot be loaded is a snapshot that cannot be had: the
 * log comes bit by bit, and a grant alone makes fresh.
 */
export const loadAndMerge: MergeSnapshot = async (...snapshot) => {
  const { mergeCooperatively } = await import('./merge-snapshot.ts');
  return await mergeCooperatively(...snapshot);
};

import type { Request } from './load.ts';

/** Between any two rows that were put in. */
export function anyOf(rows: number): number {
  return 1 + Math.floor(Math.random() * rows);
}

/** @returns a request that fails with the SQLSTATE, or the driver's own code */
export function requestOf(work: () => Promise<unknown>): Request {
  return async () => {
    try {
      await work();
      return undefined;
    } catch (error) {
      if (error instanceof Error && 'code' in error) return String(error.code);
      return String(error);
    }
  };
}

import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** @returns the bytes of the files there */
export function sizeOf(path: string): number {
  const found = lstatSync(path);
  if (!found.isDirectory()) return found.size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

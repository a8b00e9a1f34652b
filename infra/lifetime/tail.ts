import { readFileSync, statSync } from 'node:fs';

/** Bytes of a log, so that `tail` can leave out what runs before have written. */
export function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** The last lines of a log, for an error message; only of what is after `from` bytes. */
export function tail(file: string, lines = 15, from = 0): string {
  try {
    const text = readFileSync(file).subarray(from).toString().trimEnd();
    return text === '' ? '(its log is empty)' : text.split('\n').slice(-lines).join('\n');
  } catch {
    return '(it wrote no log)';
  }
}

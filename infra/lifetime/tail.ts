import { readFileSync } from 'node:fs';

/** The last lines of a log, for an error message. */
export function tail(file: string, lines = 15): string {
  try {
    const text = readFileSync(file, 'utf8').trimEnd();
    return text === '' ? '(its log is empty)' : text.split('\n').slice(-lines).join('\n');
  } catch {
    return '(it wrote no log)';
  }
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../paths.ts';

/** The ids of the faults that docs/field-faults.md has a section for, in its order. */
export function documentedFaults(): string[] {
  const page = readFileSync(join(ROOT, 'docs', 'field-faults.md'), 'utf8');
  return [...page.matchAll(/^### ([A-Z]\d+): /gm)].map(([, id = '']) => id);
}

/** Whether a file holds tests of faults: these alone are copied to another commit. */
export const isFieldFile = (path: string): boolean => /(^|\/)test\/field\//.test(path);

/** `V2, V3: what holds` is a test of two faults. */
export function faultsOf(title: string): string[] {
  const [, ids = ''] = /^((?:[A-Z]\d+, )*[A-Z]\d+): /.exec(title) ?? [];
  return ids === '' ? [] : ids.split(', ');
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../paths.ts';

const EXAMPLES = /<!-- example: (\S+) -->\n\n```ts\n([\s\S]*?)```/g;

it('docs/reference.md shows examples that are the ones that are type-checked', async () => {
  const page = await readFile(join(ROOT, 'docs/reference.md'), 'utf8');
  const shown = [...page.matchAll(EXAMPLES)];
  expect(shown).toHaveLength(3);
  expect(page.match(/^```ts$/gm)).toHaveLength(3);
  for (const [, path = '', code] of shown) {
    expect(await readFile(join(ROOT, path), 'utf8'), path).toBe(code);
  }
});

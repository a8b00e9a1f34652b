import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { OWN_ACCESS, PERMISSIONS, ROLES } from '@portcullis/contracts';
import { ROOT } from '../paths.ts';

const EXAMPLES = /<!-- example: (\S+) -->\n\n```ts\n([\s\S]*?)```/g;

it('docs/reference.md shows examples that are the ones that are type-checked', async () => {
  const page = await readFile(join(ROOT, 'docs/reference.md'), 'utf8');
  const shown = [...page.matchAll(EXAMPLES)];
  expect(shown).toHaveLength(20);
  expect(page.match(/^```ts$/gm)).toHaveLength(20);
  for (const [, path = '', code] of shown) {
    expect(await readFile(join(ROOT, path), 'utf8'), path).toBe(code);
  }
});

it.each([
  ['trpc', 8],
  ['nestjs', 8],
  ['fastify', 6],
  ['express', 6],
  ['hono', 6],
  ['koa', 6],
  ['node', 6],
  ['web', 6],
  ['socket-io', 6],
])('from the verifier to a protected route of %s are at most %i lines', async (name, most) => {
  const text = await readFile(join(ROOT, `packages/verify/examples/guards/${name}.ts`), 'utf8');
  const [, route = ''] = text.split('declare const verifier: Verifier;');
  const lines = route.split('\n').filter((line) => line.trim() !== '');
  expect(lines.length).toBeGreaterThan(1);
  expect(lines.length).toBeLessThanOrEqual(most);
});

it('docs/reference.md has every permission, with the roles that have it', async () => {
  const page = await readFile(join(ROOT, 'docs/reference.md'), 'utf8');
  const rows = page.matchAll(/^\| `([a-z]+:[a-z]+)` +\|[^|]+\|([^|]*)\|$/gm);
  const shown = [...rows].map(([, name, roles = '']) => [name, roles.match(/[a-z]+/g)]);
  expect(shown).toEqual(
    PERMISSIONS.map((name) => [name, ROLES.filter((one) => OWN_ACCESS.rolesAllow([one], name))]),
  );
});

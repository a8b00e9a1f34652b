import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { withRoutes } from '../generate/route-table.ts';

test('docs/reference.md has the routes of the routers', () => {
  const page = readFileSync(new URL('../../../docs/reference.md', import.meta.url), 'utf8');
  expect(page, 'run: npm run routes').toBe(withRoutes(page));
  expect(withRoutes('<!-- routes -->\n\n\n\n<!-- /routes -->')).toContain('`GET /v1/users`');
});

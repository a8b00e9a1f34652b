/** Writes the table of routes in docs/reference.md: `npm run routes`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { withRoutes } from './route-table.ts';

const page = new URL('../../../docs/reference.md', import.meta.url);
writeFileSync(page, withRoutes(readFileSync(page, 'utf8')));

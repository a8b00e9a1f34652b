/** The routes of the three routers as a table of a page, between two comments. */
import type { AnyTRPCRouter } from '@trpc/server';
import {
  createAdminRouter,
  createAuthRouter,
  createUserRouter,
  type ProcedureMeta,
} from '../src/index.ts';

const TABLE = /(<!-- routes -->\n\n).*?(\n\n<!-- \/routes -->)/s;

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- routers are made of it, and no verb is called
const nothing = new Proxy({}, { get: () => ({}) }) as never;
const routers: [string, AnyTRPCRouter][] = [
  ['auth', createAuthRouter(nothing)],
  ['user', createUserRouter(nothing)],
  ['admin', createAdminRouter(nothing)],
];

/** @returns the page with the table as the routers have it */
export function withRoutes(page: string): string {
  const rows = routers.flatMap(([service, router]) =>
    Object.values<{ _def: { meta?: ProcedureMeta } }>(router._def.procedures).flatMap(
      ({ _def }) => {
        const route = _def.meta?.route;
        return route === undefined
          ? []
          : [[service, `\`${route.method} ${route.path}\``, route.summary]];
      },
    ),
  );
  return page.replace(TABLE, (_, before: string, after: string) =>
    [before, tableOf([['service', 'route', 'what it does'], ...rows]), after].join(''),
  );
}

/** As prettier aligns it. */
function tableOf(rows: string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const [head = '', ...others] = rows.map(
    (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`,
  );
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [head, rule, ...others].join('\n');
}

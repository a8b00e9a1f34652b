import { StepFailure } from '../steps.ts';
import type { Service } from './backup-file.ts';
import type { RowCounts } from './tables.ts';

/** A table that the database of this service alone has. */
const OWN_TABLE = { auth: 'public.revocation_log', user: 'public.profiles' } as const;

/** @throws {StepFailure} for a database without the tables of the service */
export function requireOf(service: Service, counts: RowCounts): void {
  if (OWN_TABLE[service] in counts) return;
  const [, other] = Object.entries(OWN_TABLE).find(([, table]) => table in counts) ?? [];
  const what = other === undefined ? 'has none of its tables' : `has ${other}`;
  throw new StepFailure(`This is no database of ${service}: it ${what}.`, {
    fix: `give the DATABASE_URL of ${service}`,
  });
}

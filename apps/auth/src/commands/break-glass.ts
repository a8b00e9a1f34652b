import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import * as z from 'zod';
import { readBreakGlassConfig } from '../config/commands.ts';
import { verifiers } from '../database/schema/index.ts';
import { breakGlass } from '../revocation/break-glass.ts';
import { changeOffline } from './change-offline.ts';
import { runCommand } from './run-command.ts';

await runCommand('break-glass', async () => {
  const { databaseUrl, maxStalenessMs } = readBreakGlassConfig(process.argv.slice(2));
  return await changeOffline(databaseUrl, async (database, withChange) => {
    const { generation, sessions, at } = await breakGlass(database, withChange, sleep);
    const [row] = await database.execute(
      sql`select coalesce(max(max_staleness_ms), 0) as greatest from ${verifiers}`,
    );
    const { greatest } = z.object({ greatest: z.number() }).parse(row);
    const enforced = new Date(at.getTime() + Math.max(greatest, maxStalenessMs));
    return [
      'every access token, of users and of machines, and every session is ended',
      `  issuer         generation ${generation}`,
      `  sessions       ${sessions} ended; their users log in again`,
      `  machines       their secrets and keys go on: those in other hands have to be rotated`,
      `  signing keys   go on: one that is in other hands has to be killed (DELETE /v1/keys/{kid})`,
      `  enforced by    ${enforced.toISOString()}, at every verifier, whether it has heard of it or not`,
    ].join('\n');
  });
});

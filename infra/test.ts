import { CHECKS } from './checks/catalogue.ts';
import { add, lastLine, NONE, type Counts } from './checks/counts.ts';
import { findBrowser } from './checks/find-browser.ts';
import { runCheck } from './checks/run-check.ts';
import { runVitest } from './checks/run-vitest.ts';
import { newTestFolder, ownFolder, removeAbandonedTestFolders } from './system/test-folder.ts';
import { inSession, type Session } from './lifetime/session.ts';
import { bringUpServers } from './servers/bring-up.ts';
import { build } from './services/build.ts';
import { step } from './steps.ts';
import type { Words } from './usage/read-words.mjs';
import { requireTestFiles } from './checks/test-files.ts';

/** `npm test`: every check, then every test; with a filter only the tests that match it. */
export async function main(words: Words): Promise<number> {
  const filters = words.all;
  requireTestFiles(words.names);
  await removeAbandonedTestFolders();
  let counts: Counts | undefined;
  const status = await inSession(newTestFolder(), 'npm test', async (session) => {
    await ownFolder(session);
    const servers = await bringUpServers(session, {
      durable: false,
      busUsers: 'one',
      countsStatements: true,
    });
    // For one test file nothing large is fetched; a browser that is there is used.
    if (filters.length === 0) await findBrowser(session);
    const checked = filters.length === 0 ? await runChecks(session) : await onlyBuild(session);
    counts = add(checked, await runVitest(session, servers, filters));
    return counts.failed === 0 ? 0 : 1;
  });
  // After everything has been stopped, so that nothing can come after it.
  if (counts) console.log(`\n${lastLine(counts)}`);
  else if (status !== 130) console.log(`\n${lastLine({ ...NONE, failed: 1 })}`);
  return status;
}

async function runChecks(session: Session): Promise<Counts> {
  let counts = NONE;
  for (const row of CHECKS) {
    const results = await Promise.all(row.map(async (check) => await runCheck(session, check)));
    const passed = results.filter(Boolean).length;
    counts = add(counts, { passed, failed: row.length - passed, skipped: 0 });
  }
  return counts;
}

async function onlyBuild(session: Session): Promise<Counts> {
  await step('build', () => build(session));
  return NONE;
}

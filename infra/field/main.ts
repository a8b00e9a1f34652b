/**
 * `npm run field [-- --at COMMIT] [ID …]`: the tests of docs/field-faults.md.
 *
 * Without `--at` they run on this checkout, and each fault of the page has to hold. With it they are
 * copied over a clone of that commit and run there; then each fault has to fail, and by an assertion:
 * a file that cannot be loaded, a hook or a time limit shows nothing about the fault.
 *
 * Ends with 0 when it is so for each fault asked for, with 1 when it is not, and with 2 for words that
 * it does not know.
 */
import { testEnvironment } from '../checks/run-vitest.ts';
import { newTestFolder, ownFolder, removeAbandonedTestFolders } from '../system/test-folder.ts';
import { inSession, type Session } from '../lifetime/session.ts';
import { ROOT } from '../paths.ts';
import { bringUpServers } from '../servers/bring-up.ts';
import { build } from '../services/build.ts';
import { step } from '../steps.ts';
import { nearest } from '../usage/nearest.mjs';
import { WrongUsage, type Words } from '../usage/read-words.mjs';
import { checkoutAt, commitOf } from './checkout-at.ts';
import { documentedFaults } from './documented-faults.ts';
import { printVerdicts } from './print-verdicts.ts';
import { runFieldTests } from './run-field-tests.ts';
import { verdictsOf, type Expected } from './verdicts.ts';

export async function main(words: Words): Promise<number> {
  const { ids, commit } = askedFor(words);
  await removeAbandonedTestFolders();
  return await inSession(newTestFolder(), 'npm run field', async (session) => {
    await ownFolder(session);
    const servers = await bringUpServers(session, { durable: false, busUsers: 'one' });
    const checkout = await prepare(session, commit);
    const results = await runFieldTests(session, checkout, ids, testEnvironment(servers));
    session.signal.throwIfAborted();
    const expected: Expected = commit === undefined ? 'holds' : 'fails';
    return printVerdicts(verdictsOf(results, ids, expected), commit) ? 0 : 1;
  });
}

/** @returns the folder whose tests are run */
async function prepare(session: Session, commit: string | undefined): Promise<string> {
  if (commit !== undefined) return await checkoutAt(session, commit);
  await step('build', async () => await build(session));
  return ROOT;
}

/** @throws {WrongUsage} */
function askedFor(words: Words): { ids: readonly string[]; commit?: string } {
  const faults = documentedFaults();
  const unknown = words.names.find((id) => !faults.includes(id));
  if (unknown !== undefined) {
    const what = `${unknown} is not on the page docs/field-faults.md`;
    throw new WrongUsage('npm run field', what, nearest(unknown, faults));
  }
  const ids = words.names.length > 0 ? words.names : faults;
  const at = words.value('at');
  return at === undefined ? { ids } : { ids, commit: commitOf('field', at) };
}

import type { Session } from '../lifetime/session.ts';
import { note, step } from '../steps.ts';
import { findBinary } from '../system/find-binary.ts';
import { installPackages } from '../system/system-packages.ts';

/**
 * Chromium for the tests in a browser, installed where that is possible. Without one they are skipped,
 * and counted as skipped: on a machine that cannot have it the rest can still be tested.
 */
export async function findBrowser(session: Session): Promise<void> {
  if (findBinary('chromium') !== undefined) return;
  const why = await step(
    'browser',
    () => installPackages(session, ['chromium']),
    (failure) => (failure === undefined ? 'installed Chromium' : 'no Chromium'),
  );
  if (findBinary('chromium') === undefined) {
    note(
      `what is tested in a browser will be skipped: ${why ?? 'its package has brought no program'}`,
    );
  }
}

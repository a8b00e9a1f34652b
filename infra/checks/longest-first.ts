/**
 * The order in which files of tests begin: those that take longest first, or a worker is at one of them alone at the
 * end. Vitest knows how long each took on this machine before, and by itself takes the greatest first; a machine that
 * has a fresh checkout, as CI, knows nothing, and here some of the longest are short texts.
 */
import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { ROOT } from '../paths.ts';

/** Half a minute and more on two cores, the longest first. */
export const LONGEST: readonly string[] = [
  'infra/test/e2e/own-services.test.ts',
  'apps/auth/test/mail/kills.test.ts',
  'infra/test/new-kind.test.ts',
  'apps/auth/test/limits/limits.test.ts',
  'apps/auth/test/jobs/forged.test.ts',
  'infra/test/own-client/stored-sessions.test.ts',
  'apps/auth/test/login/challenge-away.test.ts',
  'infra/test/backup.test.ts',
  'apps/auth/test/mail/request-dies.test.ts',
  'apps/auth/test/jobs/maintenance.test.ts',
  'apps/auth/test/simulation.test.ts',
  'apps/auth/test/mail/mail.test.ts',
  'infra/test/packages/examples.test.ts',
  'infra/test/e2e/own-services-given.test.ts',
  'infra/test/contributing/permission.test.ts',
  'infra/test/e2e/browser.test.ts',
  'infra/test/faults.test.ts',
  'infra/test/contributing/admin-operation.test.ts',
  'infra/test/answers/answers.test.ts',
  'infra/test/e2e/own-permissions.test.ts',
  'packages/verify/test/fuzz.test.ts',
  'infra/test/field/own-service.test.ts',
  'apps/auth/test/account/recovery.test.ts',
  'infra/test/own-client/react.test.ts',
  'infra/test/model.test.ts',
  'infra/test/logouts.test.ts',
  'apps/auth/test/session/races.test.ts',
  'apps/auth/test/field/migrations.test.ts',
  'apps/auth/test/session/rotate-races.test.ts',
];

/** Those of `LONGEST` first; the others stay in their order. */
export function longestFirst<F extends { moduleId: string }>(files: readonly F[]): F[] {
  const placeOf = ({ moduleId }: F): number => {
    const place = LONGEST.indexOf(relative(ROOT, moduleId));
    return place === -1 ? LONGEST.length : place;
  };
  return files.toSorted((one, other) => placeOf(one) - placeOf(other));
}

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- that of Vitest, not of an array
    return longestFirst(await super.sort(files));
  }
}

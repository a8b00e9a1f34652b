import { tool } from '../paths.ts';
import { turbo } from '../services/build.ts';

export interface Check {
  name: string;
  argv: [string, ...string[]];
  fix: string;
}

/**
 * What is checked before the tests run. Those of one row run at the same time, since some use one processor, and a row
 * begins when the one before has ended. Each counts as one test.
 */
export const CHECKS: readonly (readonly Check[])[] = [
  [
    {
      name: 'format',
      argv: [tool('prettier'), '--check', '--log-level', 'warn', '.'],
      fix: 'npx prettier --write .',
    },
    {
      name: 'types',
      argv: turbo('run', 'build', 'typecheck', '--output-logs=errors-only', '--continue'),
      fix: 'npm run typecheck',
    },
  ],
  // After the types: what is linted with types needs them.
  [
    {
      name: 'lint',
      argv: [tool('oxlint'), '--type-aware', '--deny-warnings'],
      fix: 'npx oxlint --type-aware',
    },
    { name: 'boundaries', argv: turbo('boundaries'), fix: 'npm run boundaries' },
    { name: 'knip', argv: [tool('knip'), '--no-progress'], fix: 'npx knip' },
  ],
];

import { defineConfig } from 'vitest/config';
import { LongestFirst } from './infra/checks/longest-first.ts';

// The packages' sources, not what was built from them. What stands here counts for
// `require` too; what an import needs besides, Vite and Node know.
const conditions = ['portcullis-source', 'node'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ['portcullis-source', 'node'] } },
  test: {
    include: ['{apps,packages}/*/test/**/*.test.ts', '{infra,bench}/test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    environment: 'node',
    // A process for each file: a leaked handle, a changed global or a crash stays where it happened.
    pool: 'forks',
    // One more than CI has processors: many tests wait, for a lock or for a token to expire.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    execArgv: ['--conditions=portcullis-source'],
    testTimeout: 120_000,
    // A poll ends as soon as it holds; how long that takes is the machine's business.
    expect: { poll: { timeout: 20_000 } },
    hookTimeout: 180_000,
    teardownTimeout: 10_000,
    // And a limit for each file, which holds when its process is blocked.
    setupFiles: ['infra/deadline/setup.ts'],
    restoreMocks: true,
    unstubEnvs: true,
    allowOnly: false,
    passWithNoTests: false,
  },
});

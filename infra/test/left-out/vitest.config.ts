/** The tests, over sources of which some lines are others: what new-kind.test.ts leaves out. */
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import type { VitestPluginContext } from 'vitest/node';

interface LeftOut {
  file: string;
  from: string;
  to: string;
}

const ROOT = join(import.meta.dirname, '../../..');
const leftOut: LeftOut[] = JSON.parse(process.env['PORTCULLIS_TEST_LEFT_OUT'] ?? '[]');

const leftOutOf = (id: string) => leftOut.filter(({ file }) => id === join(ROOT, file));

export default defineConfig({
  root: ROOT,
  test: {
    projects: [
      {
        extends: join(ROOT, 'vitest.config.ts'),
        root: ROOT,
        plugins: [
          {
            name: 'left-out',
            enforce: 'pre',
            // Modules are kept for the runs that leave out something else: what is changed has a key of its own.
            configureVitest({ experimental_defineCacheKeyGenerator: keyBy }: VitestPluginContext) {
              keyBy(({ id }) => JSON.stringify(leftOutOf(id)));
            },
            transform(code, id) {
              const here = leftOutOf(id);
              if (here.length === 0) return undefined;
              return here.reduce((text, { file, from, to }) => {
                if (text.split(from).length !== 2) throw new Error(`not once in ${file}: ${from}`);
                return text.replace(from, () => to);
              }, code);
            },
          },
        ],
      },
    ],
  },
});

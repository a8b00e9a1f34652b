/** The tests, over sources of which some lines are others: what new-kind.test.ts leaves out. */
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

interface LeftOut {
  file: string;
  from: string;
  to: string;
}

const ROOT = join(import.meta.dirname, '../../..');
const leftOut: LeftOut[] = JSON.parse(process.env['PORTCULLIS_TEST_LEFT_OUT'] ?? '[]');

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
            transform(code, id) {
              const here = leftOut.filter(({ file }) => id === join(ROOT, file));
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

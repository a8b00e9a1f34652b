/** The tests, over a source of which one line is another: what new-kind.test.ts leaves out. */
import { join } from 'node:path';
import { defineConfig, mergeConfig } from 'vitest/config';
import whole from '../../../vitest.config.ts';

interface LeftOut {
  file: string;
  from: string;
  to: string;
}

const ROOT = join(import.meta.dirname, '../../..');
const { file, from, to }: LeftOut = JSON.parse(process.env['PORTCULLIS_TEST_LEFT_OUT'] ?? '{}');

export default mergeConfig(
  whole,
  defineConfig({
    root: ROOT,
    plugins: [
      {
        name: 'left-out',
        enforce: 'pre',
        transform(code, id) {
          if (id !== join(ROOT, file)) return undefined;
          if (code.split(from).length !== 2) throw new Error(`not once in ${file}: ${from}`);
          return code.replace(from, to);
        },
      },
    ],
  }),
);

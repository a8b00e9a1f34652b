/** What a page loads, minified and gzipped. */
import { build } from 'esbuild';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { ROOT } from '../../paths.ts';

const KIB = 1_024;

async function sizeOf(contents: string, folder: string, external: string[] = []): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: join(ROOT, folder) },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    external,
    conditions: ['portcullis-source'],
  });
  return gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).length;
}

it.each([
  ['all that the client exports, for machines too', `export * from '@portcullis/client'`, 17],
  [
    'what a page uses of the client',
    `export { createPortcullisClient, isPortcullisError } from '@portcullis/client'`,
    15,
  ],
  [
    'the storage in IndexedDB, alone',
    `export { indexedDbStorage } from '@portcullis/client/indexeddb'`,
    3,
  ],
])('%s', async (name, contents, most) => {
  const bytes = await sizeOf(contents, 'infra');
  console.log(`${name}: ${(bytes / KIB).toFixed(1)} KiB`);
  expect(bytes).toBeLessThanOrEqual(most * KIB);
});

it('the hooks of React, beside React and the client: at most 3 KiB', async () => {
  const contents = `export * from './src/index.ts'`;
  const bytes = await sizeOf(contents, 'packages/react', ['react', '@portcullis/client']);
  console.log(`@portcullis/react: ${(bytes / KIB).toFixed(1)} KiB`);
  expect(bytes).toBeLessThanOrEqual(3 * KIB);
});

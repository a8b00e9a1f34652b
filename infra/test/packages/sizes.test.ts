/** What is loaded by who bundles our packages: minified and gzipped, all of an entry, each with its budget. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { gzipSync } from 'node:zlib';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ROOT } from '../../paths.ts';
import { bundled, loadedWith, type BundledFile } from './bundled.ts';
import { runBundle, VERIFY } from './run-bundle.ts';

const KIB = 1024;

const said: string[] = [];
afterAll(() => console.log(said.join('\n')));

const all = (entry: string): string => `export * from '${entry}';`;

/** @returns bytes of what these lines load, each with an entry of its own, without peers and what is loaded on demand */
async function sizeOf(platform: 'browser' | 'node', ...lines: string[]): Promise<number> {
  const files = loadedWith(await bundled(lines, { platform }), 'stdin.js');
  expect(files.length).toBeGreaterThan(0);
  return gzipped(files);
}

function gzipped(files: readonly BundledFile[]): number {
  return gzipSync(Buffer.concat(files.map(({ contents }) => contents)), { level: 9 }).length;
}

function isWithin(name: string, bytes: number, budgetKib: number): void {
  said.push(`${name}: ${(bytes / KIB).toFixed(1)} KiB of ${budgetKib}`);
  expect(bytes, said.at(-1)).toBeLessThanOrEqual(budgetKib * KIB);
}

const CLIENT = all('@portcullis/client');

describe('minified and gzipped', () => {
  // Meant to be 20: docs/performance.md has what weighs. It may not grow until then.
  it('the root of verify has at most 25.1 KiB', async () => {
    isWithin('verify', await sizeOf('node', VERIFY), 25.1);
  });

  it(
    'a usual verifier loads no more in its life, and all of it has at most 33.8 KiB',
    { timeout: 60_000 },
    async () => {
      const files = await bundled([VERIFY], { platform: 'node' });
      const folder = await mkdtemp(join(tmpdir(), 'portcullis-sizes-'));
      try {
        for (const { name, contents } of files) await writeFile(join(folder, name), contents);
        const { loaded, said: answers } = await runBundle(folder, 'usual');
        expect(answers).toMatchObject({ bearer: true, 'after its logout': 'invalid_token' });
        const initial = loadedWith(files, 'stdin.js').map(({ name }) => name);
        expect(loaded).toEqual(expect.arrayContaining(initial));
        const used = files.filter(({ name }) => loaded.includes(name));
        isWithin('verify, all that a usual verifier ever loads', gzipped(used), 25.1);
        isWithin('verify, with all that is loaded on demand', gzipped(files), 33.8);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  );

  it('the core of guards adds at most 6 KiB to it', async () => {
    const root = await sizeOf('node', VERIFY);
    const both = await sizeOf('node', VERIFY, all('@portcullis/verify/guard'));
    isWithin('verify/guard', both - root, 6);
  });

  it('a page that signs in and calls has at most 15 KiB of the client, of at most 17', async () => {
    const page = `export { createPortcullisClient, isPortcullisError } from '@portcullis/client';`;
    isWithin('client, in a page', await sizeOf('browser', page), 15);
    isWithin('client', await sizeOf('browser', CLIENT), 17);
  });

  it('its storage in IndexedDB has at most 3 KiB', async () => {
    isWithin('client/indexeddb', await sizeOf('browser', all('@portcullis/client/indexeddb')), 3);
  });

  it('react adds at most 3 KiB to it', async () => {
    const react = all(join(ROOT, 'packages/react/src/index.ts'));
    isWithin(
      'react',
      (await sizeOf('browser', CLIENT, react)) - (await sizeOf('browser', CLIENT)),
      3,
    );
  });
});

it('weighs what it is given', async () => {
  // zod alone is over each of the budgets: it is what once made up most of a verifier.
  expect(await sizeOf('node', all('@portcullis/contracts/schemas'))).toBeGreaterThan(30 * KIB);
});

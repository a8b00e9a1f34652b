/**
 * What a verifier loads on demand, from a bundle that is run: what is loaded when, and what becomes of a verifier from
 * whose bundle a file is missing. It accepts nothing that it could not check.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundled, type BundledFile } from './bundled.ts';
import { runBundle, VERIFY } from './run-bundle.ts';

const SOURCE = 'packages/verify/src/';
/** The file that holds each part, by a source that is in no other. */
const PARTS = {
  proofs: `${SOURCE}proof/possession.ts`,
  sockets: `${SOURCE}revocation/watchers.ts`,
  introspection: `${SOURCE}stale/introspection.ts`,
  explanation: `${SOURCE}explain/explain.ts`,
  snapshots: `${SOURCE}revocation/merge-snapshot.ts`,
};

let scratch: string;
let files: readonly BundledFile[];

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'portcullis-on-demand-'));
  files = await bundled([VERIFY], { platform: 'node' });
});
afterAll(async () => await rm(scratch, { recursive: true, force: true }));

const nameOf = (source: string): string =>
  files.find(({ sources }) => sources.has(source))?.name ?? '';

/** @returns what the process says of a verifier of these files */
async function saidBy(name: string, of: readonly BundledFile[]) {
  const folder = join(scratch, name);
  await mkdir(folder);
  for (const file of of) await writeFile(join(folder, file.name), file.contents);
  const { said } = await runBundle(folder, 'every');
  return said;
}

const WHOLE = {
  bearer: true,
  'bearer again': true,
  'not a token': 'invalid_token',
  'after its logout': 'invalid_token',
  problems: [],
  'bound, as a bearer': 'invalid_token',
  'bearer, as bound': 'invalid_token',
  bound: true,
  'its proof again': 'invalid_dpop_proof',
  'bound, verifyMaybeSync': true,
  'bound, verifyWithAssurance': true,
  'bound, watch': true,
  'bearer, beside it': true,
  'a socket': true,
  'a socket, after its logout': ['invalid_token', 'invalid_token'],
  explained: true,
  introspecting: true,
  'revoked, far behind': 'invalid_token',
  'not revoked, far behind': true,
  'far behind': { entries: true, grantFailures: 0 },
};

it('works from a bundle in files', { timeout: 60_000 }, async () => {
  expect(await saidBy('whole', files)).toEqual(WHOLE);
});

it('works from a bundle in one file, as those for functions are', { timeout: 60_000 }, async () => {
  const one = await bundled([VERIFY], { platform: 'node', splitting: false });
  expect(one).toHaveLength(1);
  expect(await saidBy('one', one)).toEqual(WHOLE);
});

describe('where a part cannot be loaded', () => {
  const UNAVAILABLE = 'unavailable';
  it.each<[keyof typeof PARTS, Partial<Record<keyof typeof WHOLE, unknown>>]>([
    [
      'proofs',
      {
        bound: UNAVAILABLE,
        'its proof again': UNAVAILABLE,
        'bound, verifyMaybeSync': UNAVAILABLE,
        'bound, verifyWithAssurance': UNAVAILABLE,
        'bound, watch': UNAVAILABLE,
      },
    ],
    // None is opened, so that none goes on after its logout.
    [
      'sockets',
      {
        'bound, watch': UNAVAILABLE,
        'a socket': UNAVAILABLE,
        'a socket, after its logout': undefined,
      },
    ],
    // Such a verifier does not start.
    ['introspection', { introspecting: 'ERR_MODULE_NOT_FOUND' }],
    ['explanation', { explained: 'ERR_MODULE_NOT_FOUND' }],
    // Bit by bit.
    ['snapshots', { 'far behind': { entries: true, grantFailures: 1 } }],
  ])(
    '%s: nothing else changes, and nothing is accepted',
    { timeout: 60_000 },
    async (part, changed) => {
      const missing = nameOf(PARTS[part]);
      expect(files.filter(({ sources }) => sources.has(PARTS[part]))).toHaveLength(1);
      expect(missing).not.toBe('stdin.js');
      const others = files.filter(({ name }) => name !== missing);
      expect(await saidBy(part, others)).toEqual({ ...WHOLE, ...changed });
    },
  );
});

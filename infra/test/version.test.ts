/** One version, in every manifest, in what the services say of themselves, and in the changelog. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../paths.ts';
import { sourceFolders, textsBelow } from '../structure/sources.ts';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const versionOf = (path: string): unknown => JSON.parse(read(path)).version;
const VERSION = versionOf('package.json');
const MEMBER = /^(?:(?:apps|packages)\/[^/]+|infra|bench)\//;

test('each manifest has the version of the whole', () => {
  const members = new Set(sourceFolders().map((folder) => MEMBER.exec(folder)?.[0] ?? ''));
  expect(members.size).toBeGreaterThanOrEqual(14);
  for (const member of members) {
    expect([member, versionOf(`${member}package.json`)]).toEqual([member, VERSION]);
  }
});

test('each service says so of itself', () => {
  const apps = ['auth', 'user', 'admin'].flatMap((app) => [...textsBelow(`apps/${app}/src/`)]);
  const said = apps.flatMap(([, text]) => /const VERSION = '([^']+)'/.exec(text)?.[1] ?? []);
  expect(said).toEqual([VERSION, VERSION, VERSION]);
});

test('the changelog has a section for it', () => {
  expect(read('CHANGELOG.md')).toContain(`\n## ${String(VERSION)}\n`);
});

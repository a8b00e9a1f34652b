/** What the published packages load: the schemas, and zod with them, where they are used and nowhere else. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../paths.ts';
import { entriesOf, reachedFrom } from '../structure/reached.ts';
import { textsBelow } from '../structure/sources.ts';

const SCHEMAS = 'packages/contracts/src/schemas/';
/** What each of them may load beside Node's own modules and the workspace. */
const WITHOUT_SCHEMAS: Readonly<Record<string, readonly string[]>> = {
  snapshot: [],
  bus: [],
  verify: [
    '@nats-io/transport-node',
    '@nestjs/common',
    '@nestjs/core',
    '@trpc/server',
    '@trpc/server/rpc',
  ],
  client: ['@trpc/client', 'eventsource-parser'],
  testkit: [],
};
const entries = Object.keys(WITHOUT_SCHEMAS).flatMap((name) =>
  [...entriesOf(`packages/${name}`)].map(([entry, file]) => ({ name, entry, file })),
);

const isOfNode = (module: string): boolean => module.startsWith('node:');

test('the names of the contracts need nothing, by types neither', () => {
  const { files, modules } = reachedFrom('packages/contracts/src/index.ts', 'types too');
  expect([...modules]).toEqual([]);
  expect([...files].filter((file) => file.startsWith(SCHEMAS))).toEqual([]);
  expect(files.size).toBeGreaterThan(10);
});

test.each(entries)('$entry loads no schema, and what its package says', ({ name, file }) => {
  const { files, modules } = reachedFrom(file, 'loaded alone');
  expect([...files].filter((path) => path.startsWith(SCHEMAS))).toEqual([]);
  const others = [...modules].filter((module) => !isOfNode(module));
  expect(WITHOUT_SCHEMAS[name]).toEqual(expect.arrayContaining(others));
});

test('an entry of verify loads its own framework and no other, the root none and no NATS', () => {
  const own: Readonly<Record<string, readonly string[]>> = {
    './connect': ['@nats-io/transport-node'],
    './feeds/nats': ['@nats-io/transport-node'],
    './nestjs': ['@nestjs/common', '@nestjs/core'],
    './trpc': ['@trpc/server', '@trpc/server/rpc'],
  };
  const found = [...entriesOf('packages/verify')].map(([entry, file]) => [
    entry.replace('@portcullis/verify', '.'),
    [...reachedFrom(file, 'loaded alone').modules].filter((name) => !isOfNode(name)).toSorted(),
  ]);
  const loading = found.filter(([, modules]) => modules?.length !== 0);
  expect(Object.fromEntries(loading)).toEqual(own);
  expect(found.length).toBeGreaterThan(12);
});

test.each(Object.keys(WITHOUT_SCHEMAS))('no file of %s names the schemas or zod', (name) => {
  const texts = [...textsBelow(`packages/${name}/src/`)];
  const naming = texts.filter(([, text]) =>
    /from '(?:zod|@portcullis\/contracts\/schemas)'/.test(text),
  );
  expect(naming.map(([path]) => path)).toEqual([]);
  expect(texts.length).toBeGreaterThan(3);
});

describe('what is reached', () => {
  const VERIFY = 'packages/verify/src/index.ts';
  const DEEP = 'packages/verify/src/revocation/parse-message.ts';
  const withLine = (line: string) => (path: string) =>
    (path === DEEP ? line : '') + readFileSync(join(ROOT, path), 'utf8');

  test('includes a schema that one file deep below imports', () => {
    const line = "import { grantReply } from '@portcullis/contracts/schemas';\n";
    const { files, modules } = reachedFrom(VERIFY, 'loaded alone', withLine(line));
    expect([...files]).toContain(`${SCHEMAS}grant.ts`);
    expect([...modules]).toContain('zod');
  });

  test('leaves out what is imported as a type, unless types count too', () => {
    const line = "import type { grantReply } from '@portcullis/contracts/schemas';\n";
    const loaded = reachedFrom(VERIFY, 'loaded alone', withLine(line));
    expect([...loaded.modules]).not.toContain('zod');
    expect([...reachedFrom(VERIFY, 'types too', withLine(line)).modules]).toContain('zod');
  });
});

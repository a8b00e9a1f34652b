/**
 * The field's words: what structure and wire were called before 0.2.0 does not come back, and neither do words
 * that leave open who acts. docs/glossary.md has the words that are ours.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../paths.ts';
import { FORMER_NAMES, FORMER_TEXTS, VAGUE_WORDS } from '../structure/former-names.ts';
import { sourceFolders, textsBelow } from '../structure/sources.ts';
import { commentsOf, partsOf, wordsOf } from '../structure/words.ts';

/** The tables themselves, the tests, and what drives the code of before: those quote what is refused. */
const QUOTING = /\/test\/|^infra\/(?:structure|field)\/|former-verifier\.ts$/;
const sources = sourceFolders()
  .flatMap((folder) => [...textsBelow(folder)])
  .filter(([path]) => !QUOTING.test(path));
const words = sources.map(([path, text]) => ({ path, ...wordsOf(path, text) }));
/** An account of the operating system, of which PostgreSQL's files may be. */
const ACCOUNTS_OF_UNIX = 'infra/system/unprivileged-user.ts';

test('no name is one of before', () => {
  const former = new Set(FORMER_NAMES);
  const found = words.flatMap(({ path, names }) =>
    names.filter((name) => former.has(name)).map((name) => `${path}: ${name}`),
  );
  expect(found).toEqual([]);
});

test('no name of a value or a file leaves open who acts', () => {
  const vague = new Set(VAGUE_WORDS);
  const found = words.flatMap(({ path, names }) =>
    [path, ...names].filter((name) => partsOf(name).some((part) => vague.has(part))),
  );
  expect(found).toEqual([]);
});

/** An underscore ends a word, as in names of metrics and columns; so does a line, within words of several. */
const FORMER = new RegExp(
  `(?<![A-Za-z0-9-])(?:${FORMER_TEXTS.join('|').replaceAll(' ', '\\s+')})(?![A-Za-z0-9-])`,
  'i',
);

test.each(['portcullis_auth_farewells_total', 'farewell_v1', 'taken\nback', 'person_id'])(
  'finds %j',
  (text) => expect(text).toMatch(FORMER),
);

test('no text of a log line, a mail, a page, a metric or an API holds one of before', () => {
  const found = words
    .filter(({ path }) => path !== ACCOUNTS_OF_UNIX)
    .flatMap(({ path, texts }) =>
      texts.filter((text) => FORMER.test(text)).map((text) => `${path}: ${text}`),
    );
  expect(found).toEqual([]);
});

/** Of a comment of a service or a package, which says who acts. */
const VAGUE = /\b(?:nobody|somebody|whoever|everybody|anybody|strangers?|taken back|for good)\b/i;

test('no comment of a service or a package leaves open who acts', () => {
  const found = sources
    .filter(([path]) => /^(?:apps|packages)\/[^/]+\/src\//.test(path))
    .flatMap(([path, text]) => commentsOf(path, text).map((comment) => `${path}: ${comment}`))
    .filter((comment) => VAGUE.test(comment));
  expect(found).toEqual([]);
});

test.each(['docs/asyncapi.json', 'infra/nats/nats.conf', 'docs/events.md', 'docs/glossary.md'])(
  'no subject or description of %s is one of before',
  (path) => {
    const text = readFileSync(join(ROOT, path), 'utf8');
    const found = text.split('\n').filter((line) => FORMER.test(line));
    expect(found).toEqual([]);
  },
);

test('a comment is read over its lines, and apart from code and texts', () => {
  const text =
    "/**\n * It was taken\n * back.\n */\nconst a = 'nobody';\n// For\n// good.\n\nb(); // so";
  expect(commentsOf('x.ts', text)).toEqual(['It was taken back.', 'For good.', 'so']);
});

test('an error that has a name of its own has that of its class', () => {
  const form = /class (\w+) extends \w+ \{\n\s+override readonly name = '(\w+)'/g;
  const named = sources.flatMap(([, text]) => [...text.matchAll(form)]);
  expect(named.length).toBeGreaterThan(10);
  for (const [, own, name] of named) expect(name).toBe(own);
});

test('each table finds what stands in it', () => {
  const { names, texts } = wordsOf('x.ts', "const isToldTo = 'farewell'; class A { #atDoor = 1 }");
  expect(names).toEqual(expect.arrayContaining(['isToldTo', 'A', 'atDoor']));
  expect(partsOf('isToldTo')).toContain('told');
  expect(texts.some((text) => FORMER.test(text))).toBe(true);
});

/** Files that pages and comments name are there: a file that moves takes its mentions along. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../paths.ts';

const list = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' });
const tracked = list.split('\0').filter((path) => path !== '' && existsSync(join(ROOT, path)));
const names = new Set(tracked.map((path) => path.split('/').at(-1)));
/** Sources; what a build makes is not there before it. */
const PATH = /`((?:apps|packages|infra|bench|docs|findings)\/(?!\w+\/dist\/)[\w./-]+\.\w+)`/g;
/** In comments a file of the same package is named alone. */
const NAME = /^\s*(?:\*|\/\/|\/\*\*).*?`([a-z][a-z\d-]*\.(?:ts|mjs))`/gm;

const missing = (ending: RegExp, form: RegExp, isThere: (name: string) => boolean): string[] =>
  tracked
    .filter((path) => ending.test(path))
    .flatMap((path) => {
      const named = [...readFileSync(join(ROOT, path), 'utf8').matchAll(form)];
      return named.flatMap(([, name = '']) => (isThere(name) ? [] : [`${path}: ${name}`]));
    });

test('pages name files by paths that exist', () => {
  expect(missing(/\.md$/, PATH, (path) => existsSync(join(ROOT, path)))).toEqual([]);
});

test('comments name files that exist', () => {
  expect(missing(/\.(?:ts|mjs)$/, NAME, (name) => names.has(name))).toEqual([]);
});

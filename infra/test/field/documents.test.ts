/** Commands of the README and of docs/, as a reader finds them in this checkout. */
import { readdir, readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';

const checkout = new URL('../../../', import.meta.url);
/** Fenced blocks, then inline code: either may be pasted. */
const CODE = /^```[^\n]*\n(.*?)^```|`([^`\n]+)`/gms;
const NOT_ASKED_FOR = /(?:^|[\s;&|(])(?:pnpm|yarn)\s.*/gm;
const SCRIPTS = /\bnpm run ([\w:-]+)/g;

async function read(path: string): Promise<string> {
  return await readFile(new URL(path, checkout), 'utf8');
}

async function codeByPage(): Promise<[page: string, code: string][]> {
  const docs = await readdir(new URL('docs/', checkout), { recursive: true });
  const pages = [
    'README.md',
    ...docs.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`),
  ];
  const texts = await Promise.all(pages.map(async (page) => [page, await read(page)] as const));
  return texts.flatMap(([page, text]) =>
    [...text.matchAll(CODE)].map(([, block, inline]): [string, string] => [
      page,
      block ?? inline ?? '',
    ]),
  );
}

it('D9: commands of the documents need npm and no other package manager', async () => {
  const foreign = (await codeByPage()).flatMap(([page, code]) =>
    [...code.matchAll(NOT_ASKED_FOR)].map(([command]) => `${page}: ${command.trim()}`),
  );
  expect(foreign).toEqual([]);
});

it('D9: each script that the documents name is there', async () => {
  const scripts: unknown = JSON.parse(await read('package.json'));
  const named = (await codeByPage()).flatMap(([page, code]) =>
    [...code.matchAll(SCRIPTS)].map(([, script = '']) => [page, script] as const),
  );
  expect(named.length).toBeGreaterThan(0);
  for (const [page, script] of named) {
    expect(scripts, page).toHaveProperty(['scripts', script], expect.any(String));
  }
});

/** A fault of the documents: parts that work, and that no page names. */
import { readdir, readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';

const checkout = new URL('../../../', import.meta.url);
/** `export { a, type B } from …`, and declarations. */
const EXPORTED = /export (?:type )?\{([^}]*)\}/g;
const DECLARED =
  /^export (?:abstract |async )*(?:const|function\*?|class|interface|type|enum) (\w+)/gm;
const ROUTE = /(?<!\w)'((?:\/v1|\/oauth2|\/\.well-known)\/[^']+)'/g;

async function read(path: string): Promise<string> {
  return await readFile(new URL(path, checkout), 'utf8');
}

/** The pages for readers; the one about faults names parts only to describe them. */
async function pages(): Promise<string> {
  const docs = (await readdir(new URL('docs/', checkout))).filter(
    (name) => name.endsWith('.md') && name !== 'field-faults.md',
  );
  const texts = await Promise.all(['README.md', ...docs.map((name) => `docs/${name}`)].map(read));
  return texts.join('\n');
}

async function sources(folder: string): Promise<string> {
  const files = (await readdir(new URL(folder, checkout), { recursive: true })).filter((name) =>
    name.endsWith('.ts'),
  );
  return (await Promise.all(files.map((name) => read(`${folder}${name}`)))).join('\n');
}

const without = (text: string, names: readonly string[]): string[] =>
  [...new Set(names)].filter((name) => !new RegExp(`(?<!\\w)${name}(?!\\w)`).test(text));

async function exportsOf(folder: string): Promise<string[]> {
  const manifest = JSON.parse(await read(`packages/${folder}/package.json`)) as {
    private?: boolean;
    exports: Record<string, { 'portcullis-source'?: string }>;
  };
  if (manifest.private === true) return [];
  const entries = Object.values(manifest.exports).flatMap(
    (entry) => entry['portcullis-source'] ?? [],
  );
  const texts = await Promise.all(entries.map((entry) => read(`packages/${folder}/${entry}`)));
  return texts.flatMap((text) => [
    ...[...text.matchAll(EXPORTED)].flatMap(([, list = '']) =>
      list
        .split(',')
        .map(
          (one) =>
            one
              .trim()
              .replace(/^type /, '')
              .split(' as ')
              .at(-1) ?? '',
        )
        .filter((one) => one !== ''),
    ),
    ...[...text.matchAll(DECLARED)].map(([, name = '']) => name),
  ]);
}

it('D12: every exported name of every package stands on a page', async () => {
  const text = await pages();
  const folders = await readdir(new URL('packages/', checkout));
  const names = (await Promise.all(folders.map(exportsOf))).flat();
  expect(names.length).toBeGreaterThan(300);
  expect(without(text, names)).toEqual([]);
});

it('D12: every route stands on a page, with its method', async () => {
  const text = await pages();
  const code = (await sources('packages/api/src/')) + (await sources('apps/auth/src/'));
  const routes = [...code.matchAll(ROUTE)].map(([, route = '']) => route);
  expect(routes.length).toBeGreaterThan(35);
  const missing = [...new Set(routes)].filter(
    (route) =>
      !['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].some((method) =>
        text.includes(`${method} ${route}`),
      ),
  );
  expect(missing).toEqual([]);
});

it('D12: every metric stands in docs/operations.md', async () => {
  const page = await read('docs/operations.md');
  const folders = ['packages/service/src/', 'packages/verify/src/connect/', 'apps/auth/src/'];
  const code = (await Promise.all(folders.map(sources))).join('\n');
  const names = [
    ...[...code.matchAll(/'(portcullis_[a-z_]+)'/g)].map(([, name = '']) => name),
    ...[...code.matchAll(/gaugeOf\(\s*\w+,\s*'([a-z_]+)'/g)].map(
      ([, name = '']) => `portcullis_bus_${name}`,
    ),
  ];
  expect(names.length).toBeGreaterThan(30);
  expect(without(page, names)).toEqual([]);
});

it('D12: every code of an error stands in a table, and why a token is refused', async () => {
  const text = await pages();
  const codes = [
    ...(await read('packages/contracts/src/errors.ts')).matchAll(/^ {2}(\w+): \[(\d{3}), /gm),
  ];
  expect(codes.length).toBeGreaterThan(25);
  const missing = codes.filter(
    ([, code = '', status = '']) =>
      !new RegExp(`^\\| \`${code}\` +\\| ${status} +\\|`, 'm').test(text),
  );
  expect(missing.map(([, code]) => code)).toEqual([]);
  const reasons = [
    ...(await read('packages/contracts/src/refusal-reasons.ts')).matchAll(/^ {2}(\w+): \{$/gm),
  ].map(([, reason = '']) => reason);
  expect(reasons.length).toBeGreaterThan(30);
  expect(reasons.filter((reason) => !text.includes(`| \`${reason}\` `))).toEqual([]);
});

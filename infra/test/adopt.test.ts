/** docs/adopt.md shows what is run, and how many lines a protected route takes, counted from the projects of `examples`. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { besideOnNode20 } from '../packages/versions.ts';
import { ROOT } from '../paths.ts';

const BLOCK = /(?:<!-- (.+?) -->\n\n)?^```(\w*)\n([\s\S]*?)^```/gm;
const MOST_NOT_RUNNABLE = 10;
/** Sections that a reader with any framework looks for. */
const RECIPES = [
  ...['tRPC', 'Express', 'Fastify', 'Hono', 'Koa', 'NestJS', 'A Request of the platform'],
  ...['node:http', 'WebSocket', 'React'],
];

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const page = read('docs/adopt.md');
const blocks = [...page.matchAll(BLOCK)].map(([, said = '', language = '', text = '']) => {
  const [kind = '', rest = ''] = said.split(/: (.*)/s);
  return { kind, rest, language, text };
});
const ofKind = (kind: string) => blocks.filter((block) => block.kind === kind);

describe('docs/adopt.md', () => {
  it('says of each block where it is run, or why it is not', () => {
    expect(blocks.length).toBeGreaterThan(25);
    const kinds = new Set(blocks.map(({ kind }) => kind));
    expect(['example', 'try', 'not runnable']).toEqual(expect.arrayContaining([...kinds]));
    expect(page.match(/^```\w/gm)).toHaveLength(blocks.length);
  });

  it('shows files of projects that are run, as they are', () => {
    for (const { rest, language, text } of ofKind('example')) {
      expect(rest).toMatch(/^(?:examples\/[\w-]+|infra\/test\/next-app)\/[\w./-]+$/);
      expect(rest.split('.').at(-1)).toBe(language);
      expect(read(rest), rest).toBe(text);
    }
  });

  it(`has at most ${MOST_NOT_RUNNABLE} blocks that are not runnable, each with its reason`, () => {
    const reasons = ofKind('not runnable').map(({ rest }) => rest);
    expect(reasons.length).toBeLessThanOrEqual(MOST_NOT_RUNNABLE);
    for (const reason of reasons) expect(reason.length).toBeGreaterThan(20);
  });

  it('has lines to paste that the README has, too, or calls of what those have made', () => {
    // `roles` is run by infra/test/e2e/own-roles.test.ts.
    const readme = read('README.md');
    const lines = ofKind('try').map(({ rest, text }) => [rest, text]);
    expect(lines.map(([name]) => name)).toEqual(['start', 'add', 'pack', 'call', 'roles']);
    for (const [, text = ''] of lines.slice(0, 3)) expect(readme).toContain(`\`\`\`sh\n${text}`);
    const calls = (text: string) => text.match(/curl -sS.*/g)?.map((call) => call.split(' -d ')[0]);
    const ofReadme = /<!-- orders -->\n\n```sh\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
    expect(calls(lines[3]?.[1] ?? '')).toEqual(calls(ofReadme.replaceAll('/mine', '/orders')));
  });

  it('names with its recipe what a framework takes on Node 20, as `npm run pack:check` installs it', () => {
    const besideFastify = Object.entries(besideOnNode20(['fastify']));
    const [recipe = ''] = /^### Fastify$[\s\S]*?(?=^### )/m.exec(page) ?? [];
    expect(besideFastify).toHaveLength(1);
    for (const [name, range] of besideFastify) expect(recipe).toContain(`\`${name}@${range}\``);
    expect(recipe).toMatch(/Node 20 .*EBADENGINE/);
  });

  it('has a recipe for each framework', () => {
    const titles = [...page.matchAll(/^###? (.+)$/gm)].map(([, title]) => title);
    expect(titles).toEqual(expect.arrayContaining(RECIPES));
  });

  it('links to what is there', () => {
    for (const [, target = ''] of page.matchAll(/\]\((?!http)([^)]+)\)/g)) {
      const [path = '', anchor] = target.split('#');
      const text = path === '' ? page : read(join('docs', path));
      const titles = [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => anchorOf(title));
      if (anchor !== undefined) expect(titles, target).toContain(anchor);
    }
  });
});

/** As GitHub makes it. */
const anchorOf = (title: string): string =>
  title
    .toLowerCase()
    .replaceAll(/[^\w\s-]/g, '')
    .replaceAll(' ', '-');

describe('examples/', () => {
  const names = readdirSync(join(ROOT, 'examples'), { withFileTypes: true })
    .filter((one) => one.isDirectory())
    .map(({ name }) => name);

  it.each([
    ['trpc', 8],
    ['fastify', 6],
    ['express', 6],
    ['hono-react', 6],
    ['koa', 6],
    ['nestjs', 8],
  ])('%s: from the verifier to a protected route are at most %i lines', (name, most) => {
    const lines = linesToRoute(read(`examples/${name}/src/main.ts`));
    expect(lines.length, lines.join('\n')).toBeGreaterThan(2);
    expect(lines.length, lines.join('\n')).toBeLessThanOrEqual(most);
  });

  it('counts what is neither an import nor what serves', () => {
    const text =
      "import a from 'a';\nimport {\n  b,\n} from 'b';\n\nc();\n// d\nserve({ e });\nf();\n";
    expect(linesToRoute(text)).toEqual(['c();']);
    expect(() => linesToRoute('c();')).toThrow('nothing is served');
  });

  it('connect in one way', () => {
    const first = read('examples/express/src/verifier.ts');
    for (const name of names) expect(read(`examples/${name}/src/verifier.ts`), name).toBe(first);
  });

  it('depend on the packages by the version that they have here, and have a page', () => {
    const version = JSON.parse(read('package.json')).version as string;
    for (const name of names) {
      const manifest = read(`examples/${name}/package.json`);
      const ours = [...manifest.matchAll(/"@portcullis\/[\w-]+": "(.+?)"/g)];
      expect(ours.length, name).toBeGreaterThan(0);
      for (const [, range] of ours) expect(range, name).toBe(`^${version}`);
      expect(read('examples/README.md')).toContain(`(${name}/README.md)`);
      expect(read(`examples/${name}/README.md`)).toContain(`npm run examples -- ${name}`);
    }
  });
});

/** The verifier is made in a file of its own, so this is all of the other one up to what serves. */
function linesToRoute(text: string): string[] {
  const code = text.replaceAll(/^import [\s\S]*?;\n/gm, '').split('\n');
  const served = code.findIndex((line) => /\blisten\(|^serve\(|NestFactory\.create/.test(line));
  if (served === -1) throw new Error('nothing is served');
  return code.slice(0, served).filter((line) => !/^\s*(?:\/\/.*)?$/.test(line));
}

/** What the README asks a newcomer to paste, pasted. */
import { repositoryRoot, startSystem, type TestSystem } from '@portcullis/testbed';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const TRIES = /<!-- try: (\S+) -->\n\n```sh\n([\s\S]*?)```/g;
const EXAMPLES = /<!-- example: (\S+) -->\n\n```ts\n([\s\S]*?)```/g;

let readme: string;
let system: TestSystem;
let folder: string;
let answers: Map<string, string>;

beforeAll(async () => {
  readme = await readFile(join(repositoryRoot, 'README.md'), 'utf8');
  system = await startSystem();
  folder = await mkdtemp(join(tmpdir(), 'portcullis-readme-'));
  const administrator = join(folder, 'dev-admin.json');
  await writeFile(administrator, JSON.stringify(system.administrator));
  // One shell for all of them, as a reader would use; only the addresses are this test's own.
  const script = [...readme.matchAll(TRIES)]
    .map(([, name, lines = '']) => `echo; echo "=== ${name}"\n${lines}`)
    .join('\n')
    .replaceAll('http://localhost:4000', system.auth.url)
    .replaceAll('http://localhost:4001', system.user.url)
    .replaceAll('http://localhost:4002', system.admin.url)
    .replaceAll('.portcullis/dev-admin.json', administrator);
  const { stdout } = await run('bash', ['-c', script]);
  answers = new Map(
    stdout
      .split('\n=== ')
      .slice(1)
      .map((part) => [part.slice(0, part.indexOf('\n')), part.slice(part.indexOf('\n') + 1)]),
  );
}, 120_000);

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await system[Symbol.asyncDispose]();
});

function answer(name: string): unknown {
  return JSON.parse(answers.get(name) ?? 'null');
}

const tokens = {
  access_token: expect.stringMatching(/^ey/),
  token_type: 'Bearer',
  expires_in: 600,
  refresh_token: expect.any(String),
  session_id: expect.stringMatching(/^ses_/),
};

describe('the README', () => {
  it('has lines to paste for every step', () => {
    expect([...answers.keys()]).toEqual(
      'register login form me refresh logout refused admin disable enable'.split(' '),
    );
  });

  it('registers', () => expect(answer('register')).toEqual({ status: 'accepted' }));
  it('logs in by JSON', () => expect(answer('login')).toEqual(tokens));
  it('logs in by form', () => expect(answer('form')).toEqual(tokens));
  it('reads the profile', () =>
    expect(answer('me')).toMatchObject({ email: 'ada@example.com', name: 'Ada' }));
  it('refreshes, to another pair', () => {
    expect(answer('refresh')).toEqual(tokens);
    expect(answer('refresh')).not.toEqual(answer('login'));
  });
  it('logs out, confirmed by every verifier', () =>
    expect(answer('logout')).toMatchObject({
      revoked: { kind: 'session' },
      published: true,
      confirmed: 2,
      expected: 2,
      pending: [],
    }));
  it('is refused afterwards, as RFC 6750 section 3 says', () => {
    const refused = answers.get('refused') ?? '';
    expect(refused).toMatch(/^HTTP\/1.1 401 /);
    expect(refused).toMatch(/^www-authenticate: Bearer .*error="invalid_token"/im);
    expect(refused).toContain('"code":"invalid_token"');
  });
  it('lists users as the administrator', () =>
    expect(answer('admin')).toMatchObject({ users: [{ email: 'ada@example.com' }] }));
  it('disables one', () =>
    expect(answer('disable')).toMatchObject({
      user: { status: 'disabled' },
      receipt: { revoked: { kind: 'subject' }, confirmed: 2, expected: 2 },
    }));
  it('enables her again', () =>
    expect(answer('enable')).toMatchObject({ user: { status: 'active' } }));

  it('shows examples that are the ones that are type-checked', async () => {
    const shown = [...readme.matchAll(EXAMPLES)];
    expect(shown).toHaveLength(2);
    for (const [, path = '', code] of shown) {
      expect(await readFile(join(repositoryRoot, path), 'utf8')).toBe(code);
      const project = join(repositoryRoot, path, '..');
      await run(join(repositoryRoot, 'node_modules/.bin/tsc'), ['-p', project]);
    }
  }, 60_000);

  it('ends the example before its port is listened at again, and removes the service last', () => {
    const places = [
      'npm run example`',
      'End the example with Ctrl-C',
      '<!-- own: run -->',
      'npm run service -- remove orders`',
    ].map((text) => [text, readme.indexOf(text), readme.lastIndexOf(text)]);
    for (const [text, first, last] of places) expect(first, `${text}`).toBe(last);
    const firsts = places.map(([, first]) => Number(first));
    expect(firsts).toEqual(firsts.filter((place) => place >= 0).toSorted((a, b) => a - b));
  });

  it('links to pages that are there', async () => {
    for (const [, page = ''] of readme.matchAll(/\]\((?!http)([^)#]+)\)/g)) {
      await readFile(join(repositoryRoot, page));
    }
  });
});

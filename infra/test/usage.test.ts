/** Each `npm run` of package.json says what it takes, and refuses the rest, before it starts anything. */
import { readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, describe, expect, it, test, vi } from 'vitest';
import { ROOT } from '../paths.ts';
import { COMMANDS } from '../usage/commands.mjs';
import { readWords, Words } from '../usage/read-words.mjs';
import { runProgram } from './run-program.ts';

/** Programs of others, whose words are theirs. */
const OF_OTHERS = ['lint', 'format', 'format:check', 'knip', 'vitest'];
const LIMIT_MS = 2_000;
const STACK = /^\s+at /m;

const manifest: unknown = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const scripts = Object.entries((manifest as { scripts: Record<string, string> }).scripts);
const ours = scripts.filter(([name]) => !OF_OTHERS.includes(name));

async function run(script: string, word: string) {
  const PATH = [join(ROOT, 'node_modules', '.bin'), process.env['PATH']].join(delimiter);
  const env = { ...process.env, PATH };
  const args = ['-c', `${script} ${word}`];
  return await runProgram('/bin/sh', args, { cwd: ROOT, env, limitMs: LIMIT_MS });
}

const helpOf = (read: Words | string): string => (typeof read === 'string' ? read : '');

test('each is of the launcher, or of others', () => {
  const elsewhere = ours.filter(([, script]) => !script.includes('node infra/bootstrap.mjs '));
  expect(elsewhere).toEqual([]);
});

describe.each(ours)('%s', (_, script) => {
  it('says in less than a screen what it takes', async () => {
    const { status, stdout, stderr } = await run(script, '--help');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^usage: npm /);
    expect(stdout.trimEnd().split('\n').length).toBeLessThanOrEqual(20);
  });

  it('refuses in one line what it does not', async () => {
    const { status, stdout, stderr } = await run(script, '--halp');
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^npm .*--halp.*Fix: npm .*--help\n$/);
    expect(stderr).not.toMatch(STACK);
  });
});

describe('the words of a command', () => {
  const fault = (command: string, ...words: string[]) => expect(() => readWords(command, words));

  it('are read', () => {
    const words = readWords('bench', ['--', 'verify', '--short', '--alg', 'ES256', 'login']);
    if (!(words instanceof Words)) throw new Error(words);
    expect(words.names).toEqual(['verify', 'login']);
    expect([words.flag('short'), words.flag('list')]).toEqual([true, false]);
    expect(words.value('alg')).toBe('ES256');
  });

  it('are refused with the nearest right thing', () => {
    fault('faults', '--sed', '1').toThrow('Nearest: --seed.');
    fault('faults', '--seed', '--short').toThrow('--seed has no value');
    fault('faults', '--seed', 'x').toThrow('whole number from 0');
    fault('faults', '--short=yes').toThrow('takes no value');
    fault('migrations', '--sessions', '99').toThrow('whole number from 100');
    fault('auth', 'ensure-clients').toThrow('Nearest: ensure-client.');
    fault('auth', 'constructor').toThrow('there is no command constructor');
    fault('auth', 'ensure-client', '--ids', 'x').toThrow('Nearest: --id.');
    fault('start', 'now').toThrow('takes no words');
  });

  it.each(['auth', 'user', 'service'] as const)('of each command of %s have a usage', (name) => {
    for (const command of Object.keys(COMMANDS[name]?.commands ?? {})) {
      const usage = helpOf(readWords(name, [command, '--help']));
      expect(usage).toContain(`usage: npm run ${name} -- ${command}`);
      expect(usage.split('\n').length).toBeLessThanOrEqual(20);
    }
  });
});

describe('options that npm has kept for itself, since no -- came before them', () => {
  afterEach(() => vi.unstubAllEnvs());
  const add = ['add', 'orders'];
  const fault = (...words: string[]) => expect(() => readWords('service', words));

  it.each([
    [{ audience: 'true' }, [...add, 'urn:acme:orders'], '--audience urn:acme:orders'],
    [{ audience: 'urn:acme:orders', show: 'true' }, add, '--audience urn:acme:orders --show'],
    [{ events: 'accounts\n\nrevocations' }, add, '--events accounts --events revocations'],
    [
      { audience: 'true', permissions: 'true' },
      [...add, 'a:b', 'urn:x'],
      '--audience URN --permissions LIST',
    ],
  ])('are named in the command as it has to be typed: %j', (kept, words, options) => {
    for (const [name, value] of Object.entries(kept)) vi.stubEnv(`npm_config_${name}`, value);
    const names = Object.keys(kept).map((name) => `--${name}`);
    fault(...words).toThrow(
      `npm run service -- add: npm has kept ${names.join(', ')} for itself. ` +
        `Fix: npm run service -- add orders ${options}`,
    );
  });

  it('are none where they arrived, are those of another command, or are settings of npm itself', () => {
    vi.stubEnv('npm_config_audience', 'true');
    vi.stubEnv('npm_config_seed', '7');
    vi.stubEnv('npm_config_force', 'true');
    vi.stubEnv('npm_config_show', '');
    fault(...add, '--audience', 'urn:acme:orders').not.toThrow();
    fault('list').not.toThrow();
    expect(() => readWords('typecheck', [])).not.toThrow();
  });

  it('by npm itself', async () => {
    const words = ['run', '--silent', 'service', ...add, '--audience', 'urn:acme:orders'];
    const { status, stderr } = await runProgram('npm', words, { cwd: ROOT, limitMs: 20_000 });
    expect(status).toBe(2);
    expect(stderr).toContain('Fix: npm run service -- add orders --audience urn:acme:orders\n');
  }, 30_000);
});

test.each([
  ['the launcher', 'service list'],
  ['a program that it runs', 'fuzz --tokens 1 --grammar 1'],
])(
  '%s ends quietly when its output is read no further',
  async (_, words) => {
    const script = `{ node infra/bootstrap.mjs ${words}; echo "status $?" >&2; } | true`;
    const { stderr } = await runProgram('/bin/sh', ['-c', script], { cwd: ROOT, limitMs: 30_000 });
    expect(stderr).toBe('status 0\n');
  },
  40_000,
);

/** They read their words again, as programs of packages that know no launcher. */
test.each([
  ['bench', 'bench/main.ts', ['at', 'node'], ['checkout']],
  ['timing', 'apps/auth/timing/main.ts', [], []],
  ['simulate', 'apps/auth/simulation/command.ts', [], []],
  ['fuzz', 'packages/verify/fuzz/main.ts', [], []],
  ['faults', 'infra/faults/main.ts', [], []],
  ['migrations', 'infra/migrations/main.ts', [], []],
] as const)('the options of %s are those that its program reads', (name, file, not, more) => {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const read = [...text.matchAll(/[ {](\w+): \{ type: '/gm)].map(([, option]) => option);
  const left = Object.keys(COMMANDS[name]?.options ?? {}).filter(
    (one) => !not.some((n) => n === one),
  );
  expect(new Set(read)).toEqual(new Set([...left, ...more]));
});

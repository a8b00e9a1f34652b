/** Files of compose, read by compose itself. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../paths.ts';

interface Way {
  readonly name: string;
  readonly words: readonly string[];
  readonly services: readonly string[];
}

const SERVERS = ['nats', 'postgres', 'redis'];
const ONCE = ['admin-client', 'auth-migrate', 'databases', 'user-client', 'user-migrate'];
const PORTCULLIS = ['admin', 'auth', 'user'];

/** Each way to use them, with the services that it starts. */
const WAYS: readonly Way[] = [
  { name: 'servers', words: [], services: SERVERS },
  { name: 'try', words: ['--profile', 'try'], services: [...SERVERS, ...ONCE, ...PORTCULLIS] },
  {
    name: 'production',
    words: ['--file', 'infra/compose/production.yml'],
    services: [
      ...[...ONCE, ...PORTCULLIS, 'nats-1', 'nats-2', 'nats-3'],
      ...['postgres', 'postgres-standby', 'proxy', 'redis'],
    ],
  },
];

/**
 * @param compose the program
 * @param settings a file with a value for each variable
 */
export function checkCompose(compose: string, settings: string): { wrong: string[]; held: string } {
  const wrong = WAYS.flatMap(({ name, words, services }) => {
    const said = configOf(compose, ['--env-file', settings, ...words]);
    if (typeof said === 'string') return [`${name}: ${said}`];
    const found = Object.keys(said.services).toSorted().join(' ');
    const isSame = found === services.toSorted().join(' ');
    return isSame ? [] : [`${name}: these services, and not those that are meant: ${found}`];
  });
  // No secret has a default.
  const without = configOf(compose, ['--env-file', '/dev/null']);
  const refuses = typeof without === 'string' && /variable PORTCULLIS_\w+ is miss/.test(without);
  if (!refuses) wrong.push('docker-compose.yml is taken without a secret');
  return { wrong, held: WAYS.map(({ name }) => name).join(', ') };
}

/** @returns what it reads there, or why it refuses it */
function configOf(
  compose: string,
  words: readonly string[],
): { services: Record<string, unknown> } | string {
  const { status, stdout, stderr, error } = spawnSync(
    compose,
    [...words, 'config', '--format', 'json'],
    { cwd: ROOT, encoding: 'utf8', env: { PATH: process.env['PATH'] } },
  );
  if (status !== 0) return error === undefined ? stderr.trim() : error.message;
  const read: { services: Record<string, unknown> } = JSON.parse(stdout);
  return read;
}

/** What .env.example has, and what the production-like file wants besides. */
export function settingsFor(example: string): string {
  const filled = example.replaceAll(/^(\w+)=$/gm, '$1=0123456789abcdefghijklmnopqrstuvwxyzABCDEFG');
  const production = ['DOMAIN=example.com', 'SECRETS=/secrets', 'CERTIFICATES=/certificates'];
  return `${filled}\n${production.map((one) => `PORTCULLIS_${one}`).join('\n')}\n`;
}

export const exampleFile = join(ROOT, '.env.example');

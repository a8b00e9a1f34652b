/** Every container of compose and of the chart is as the policy says, and what is not is found. */
import { describe, expect, test } from 'vitest';
import { containersOfCompose } from '../../deployment/compose-containers.ts';
import { COMPOSE_FILES, RENDERED, renderedHead, textOf } from '../../deployment/files.ts';
import { containersOfManifests, manifestsOf } from '../../deployment/manifest-containers.ts';
import { offencesOf, RULES } from '../../deployment/policy.ts';

const COMPOSE = Object.entries(COMPOSE_FILES).map(([file, options]) => ({ file, options }));

test.each(COMPOSE)('every container of $file holds to the policy', ({ file, options }) => {
  const containers = containersOfCompose(file, textOf(file));
  expect(containers.length).toBeGreaterThanOrEqual(11);
  expect(offencesOf(containers, options)).toEqual([]);
});

test('every container of the chart holds to the policy', () => {
  const containers = containersOfManifests('chart', manifestsOf(textOf(RENDERED)));
  expect(containers.map(({ where }) => where.split(' ').at(-1) ?? '').toSorted()).toEqual([
    ...['admin', 'admin-client', 'auth', 'auth-migrate', 'user', 'user-client', 'user-migrate'],
  ]);
  expect(offencesOf(containers)).toEqual([]);
});

test('what is rendered is of the chart that is there', () => {
  expect(textOf(RENDERED).split('\n', 1)[0], 'npm run manifests -- --write').toBe(
    renderedHead().trimEnd(),
  );
});

/** For each rule, what breaks it: text that stands in the file, and what replaces it. */
type Planted = readonly [rule: string, from: string | RegExp, to: string, said: string];

const IN_COMPOSE: readonly Planted[] = [
  ['non-root', "user: '999:999'", "user: '0:0'", 'postgres: non-root: it runs as root'],
  ['non-root', "user: '999:999'", 'user: postgres', 'postgres: non-root: it names no user'],
  ['read-only root', 'read_only: true', 'read_only: false', 'postgres: read-only root'],
  ['no capability', 'cap_drop: [ALL]', 'cap_drop: [NET_RAW]', 'postgres: no capability: it does'],
  ['no capability', 'cap_drop: [ALL]', 'cap_drop: [ALL]\n  cap_add: [SYS_ADMIN]', 'SYS_ADMIN'],
  ['no new privileges', /security_opt: .*/, 'privileged: true', 'no new privileges: it is privi'],
  ['no new privileges', /security_opt: .*/, 'security_opt: []', 'no new privileges: it may gain'],
  ['limits', /limits: \{ memory: 2G, pids: 512 \}/, 'limits: { pids: 512 }', 'no limit of memory'],
  ['limits', /limits: \{ memory: 2G, pids: 512 \}/, 'limits: { memory: 2G }', 'no limit of proc'],
  ['apart from the host', /(\n {2}postgres:\n)/, '$1    network_mode: host\n', 'host: network'],
  ['secrets by reference', /PASSWORD: \$.*/, 'PASSWORD: "hunter2"', 'as text'],
];

const IN_PRODUCTION: readonly Planted[] = [
  [
    'no host port of a data store',
    /(\n {2}postgres:\n)/,
    "$1    ports: ['127.0.0.1:5432:5432']\n",
    'postgres: no host port of a data store: it is a data store at port 5432',
  ],
  [
    'no host port of a data store',
    /(\n {2}redis:\n)/,
    '$1    ports: [{ target: 6379, published: 6379 }]\n',
    'redis: no host port of a data store: it is a data store at port 6379',
  ],
];

const IN_CHART: readonly Planted[] = [
  ['non-root', 'runAsUser: 65532', 'runAsUser: 0', 'non-root: it runs as root'],
  ['non-root', 'runAsGroup: 65532', '', 'non-root: it names no user and group'],
  ['read-only root', 'readOnlyRootFilesystem: true', '', 'read-only root'],
  ['no capability', /drop:\s*\n?\s*(?:- ALL|\[ALL\])/, 'drop: [NET_RAW]', 'no capability: it does'],
  ['no capability', /(capabilities:(\s+))/, '$1add: [NET_ADMIN]$2', 'has the capability NET_ADMIN'],
  ['no new privileges', 'allowPrivilegeEscalation: false', '', 'it may gain privileges'],
  ['no new privileges', 'allowPrivilegeEscalation:', 'privileged: true #', 'it is privileged'],
  ['limits', /limits:\n\s+cpu: \S+\n\s+memory: \S+/, 'limits: { cpu: 2 }', 'no limit of memory'],
  ['limits', /limits:\n\s+cpu: \S+\n/, 'limits:\n', 'no limit of processes'],
  ['apart from the host', 'enableServiceLinks: false', 'hostNetwork: true', 'host: network'],
  [
    'no host port of a data store',
    /image: \S+portcullis-auth\S*([^]*?)(\n\s+)containerPort: 4000/,
    'image: docker.io/library/postgres:18$1$2containerPort: 4000$2hostPort: 5432',
    'it is a data store at port 5432',
  ],
  [
    'secrets by reference',
    /name: NATS_URL_FILE\n(\s+)value: \S+/,
    'name: NATS_URL\n$1value: nats://auth:hunter2@nats',
    'it holds NATS_URL as text',
  ],
];

describe('what is planted in docker-compose.yml is found', () => {
  const [file, options] = ['docker-compose.yml', COMPOSE_FILES['docker-compose.yml'] ?? {}];
  test.each(IN_COMPOSE)('%s: %s', (rule, from, to, said) => {
    const offences = offencesOf(
      containersOfCompose(file, planted(textOf(file), from, to)),
      options,
    );
    expect(offences.join('\n')).toContain(said);
    expect(offences.every((one) => one.includes(`: ${rule}: `))).toBe(true);
  });

  test.each([
    ['at every address', "'${PORTCULLIS_REDIS_PORT:-6379}:6379'"],
    ['at a port of any number', "'6379'"],
    ['at another address', "'10.0.0.1:6379:6379'"],
  ])('a data store %s', (_, port) => {
    const text = planted(textOf(file), "'127.0.0.1:${PORTCULLIS_REDIS_PORT:-6379}:6379'", port);
    const [offence] = offencesOf(containersOfCompose(file, text), options);
    expect(offence).toContain('redis: no host port of a data store');
  });
});

describe('what is planted in the production-like file is found', () => {
  const file = 'infra/compose/production.yml';
  test.each(IN_PRODUCTION)('%s: %s', (_, from, to, said) => {
    const offences = offencesOf(containersOfCompose(file, planted(textOf(file), from, to)));
    expect(offences.join('\n')).toContain(said);
  });
});

describe('what is planted in the chart is found', () => {
  test.each(IN_CHART)('%s: %s', (rule, from, to, said) => {
    const text = planted(textOf(RENDERED), from, to);
    const offences = offencesOf(containersOfManifests('chart', manifestsOf(text)));
    expect(offences.join('\n')).toContain(said);
    expect(offences.every((one) => one.includes(`: ${rule}: `))).toBe(true);
  });
});

test('each rule is broken on purpose, in compose and in the chart', () => {
  const rules = RULES.map(({ name }) => name).toSorted();
  const of = (planting: readonly Planted[]): string[] =>
    [...new Set(planting.map(([rule]) => rule))].toSorted();
  expect(of([...IN_COMPOSE, ...IN_PRODUCTION])).toEqual(rules);
  expect(of(IN_CHART)).toEqual(rules);
});

function planted(text: string, from: string | RegExp, to: string): string {
  const other = text.replace(from, to);
  if (other === text) throw new Error(`there is nothing to replace: ${String(from)}`);
  return other;
}

/** The Dockerfile says what the list says, of which the tree is built that is started here. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BUILD, folderOf, RUN, SERVICES, type Service } from '../../image/contents.mjs';
import { readDockerfile } from '../../image/read-dockerfile.ts';
import { PINNED_PNPM } from '../../install/package-manager.mjs';
import { ROOT } from '../../paths.ts';

const TEXT = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
const stages = readDockerfile(TEXT);

function offences(text: string): string[] {
  const found = readDockerfile(text);
  const services = Object.keys(SERVICES) as Service[];
  return [
    ...differences('build', buildOf(found), { image: BUILD.image, pnpm: true, programs: true }),
    ...differences('runtime', runtimeOf(found), {
      from: 'scratch',
      copied: ['--from=build /images/runtime/ /'],
      environment: RUN.environment,
      user: [RUN.user],
      stopSignal: [RUN.stopSignal],
      entrypoint: [RUN.entrypoint],
      command: [RUN.command],
      others: [],
    }),
    ...services.flatMap((service) =>
      differences(service, serviceOf(found, service), {
        from: 'runtime',
        copied: [`--from=build /images/${service}/ /`],
        folder: [folderOf(service)],
        environment: { PORT: String(SERVICES[service].port) },
        port: [String(SERVICES[service].port)],
        health: [healthCheck()],
        others: [],
      }),
    ),
  ];
}

function differences(stage: string, found: object, wanted: Record<string, unknown>): string[] {
  return Object.entries(wanted).flatMap(([part, value]) => {
    const here = (found as Record<string, unknown>)[part];
    return JSON.stringify(here) === JSON.stringify(value) ? [] : [`${stage}: ${part}`];
  });
}

type Stages = ReturnType<typeof readDockerfile>;

function wordsOf(found: Stages, stage: string, name: string): string[] {
  const all = found.get(stage)?.instructions ?? [];
  return all.filter((one) => one.name === name).map(({ rest }) => rest);
}

function buildOf(found: Stages): object {
  const runs = wordsOf(found, 'build', 'RUN');
  const pnpm = runs.filter((one) => one.includes('pnpm'));
  return {
    image: found.get('build')?.from,
    pnpm: pnpm.length > 0 && pnpm.every((one) => one.startsWith(`npx --yes ${BUILD.pnpm} `)),
    programs: runs.at(-1) === 'node infra/image/build.mjs /images',
  };
}

function runtimeOf(found: Stages): object {
  const words = (name: string): string[] => wordsOf(found, 'runtime', name);
  return {
    from: found.get('runtime')?.from,
    copied: words('COPY'),
    environment: environmentOf(found, 'runtime'),
    user: words('USER'),
    stopSignal: words('STOPSIGNAL'),
    entrypoint: words('ENTRYPOINT').map((one) => JSON.parse(one) as string[]),
    command: words('CMD').map((one) => JSON.parse(one) as string[]),
    others: otherThan(found, 'runtime', 'COPY ENV USER STOPSIGNAL ENTRYPOINT CMD'),
  };
}

function serviceOf(found: Stages, service: string): object {
  return {
    from: found.get(service)?.from,
    copied: wordsOf(found, service, 'COPY'),
    folder: wordsOf(found, service, 'WORKDIR'),
    environment: environmentOf(found, service),
    port: wordsOf(found, service, 'EXPOSE'),
    health: wordsOf(found, service, 'HEALTHCHECK'),
    others: otherThan(found, service, 'COPY WORKDIR ENV EXPOSE HEALTHCHECK'),
  };
}

function environmentOf(found: Stages, stage: string): Record<string, string> {
  const pairs = wordsOf(found, stage, 'ENV').flatMap((one) => one.split(/\s+/));
  return Object.fromEntries(pairs.map((pair) => pair.split(/=(.*)/s).slice(0, 2)));
}

function otherThan(found: Stages, stage: string, known: string): string[] {
  const names = found.get(stage)?.instructions.map(({ name }) => name) ?? [];
  return names.filter((name) => !known.split(' ').includes(name));
}

function healthCheck(): string {
  const { command, interval, timeout, startPeriod, retries } = RUN.health;
  const program = `["${command.join('", "')}"]`;
  const times = `--interval=${interval} --timeout=${timeout} --start-period=${startPeriod}`;
  return `${times} --retries=${retries} CMD ${program}`;
}

test('the Dockerfile has one stage for each service, and is as the list says', () => {
  expect([...stages.keys()]).toEqual(['build', 'runtime', ...Object.keys(SERVICES)]);
  expect(offences(TEXT)).toEqual([]);
});

describe('a Dockerfile that says otherwise is found', () => {
  test.each([
    ['another Node', BUILD.image, 'node:26-bookworm-slim', 'build: image'],
    ['another pnpm', `${BUILD.pnpm} install`, 'pnpm@10.0.0 install', 'build: pnpm'],
    ['a base with a shell', 'FROM scratch AS', 'FROM alpine:3.22 AS', 'runtime: from'],
    ['root', 'USER 65532:65532', 'USER root', 'runtime: user'],
    ['development', 'NODE_ENV=production', 'NODE_ENV=development', 'runtime: environment'],
    ['another port', 'EXPOSE 4001', 'EXPOSE 80', 'user: port'],
    ['no health check', /^HEALTHCHECK.*$/m, '', 'auth: health'],
    ['a file that is not of the tree', 'EXPOSE 4002', 'EXPOSE 4002\nCOPY . .', 'admin: copied'],
    ['a command at the end', 'EXPOSE 4002', 'EXPOSE 4002\nRUN true', 'admin: others'],
  ] as const)('%s', (_, from, to, expected) => {
    const text = TEXT.replace(from, to);
    expect(text).not.toBe(TEXT);
    expect(offences(text)).toEqual([expected]);
  });
});

test('it is built with the pnpm that the lockfile was made with', () => {
  expect(BUILD.pnpm).toBe(PINNED_PNPM);
  expect(BUILD.image).toBe(`node:${BUILD.node}-${BUILD.debian}-slim`);
});

test('no secret and no data of a checkout is sent to the builder', () => {
  const ignored = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n');
  expect(ignored).toEqual(
    expect.arrayContaining(['.git', '.portcullis', '.env', '.env.*', '**/node_modules']),
  );
});

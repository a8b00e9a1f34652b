/** Configuration that cannot be used is named, all of it, and never repeated. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  ConfigurationError,
  databaseUrl,
  httpUrl,
  isWellKnown,
  readConfig,
  secret,
  serviceFields,
  type Environment,
} from '../src/index.ts';

const schema = (production: boolean) =>
  z.object({
    ...serviceFields({ production, port: 4001 }),
    DATABASE_URL: databaseUrl({ production }),
    CLIENT_SECRET: secret({ production, minLength: 32 }),
  });

const good: Environment = {
  PORTCULLIS_ISSUER: 'https://issuer.test',
  NATS_URL: 'nats://user:pass@127.0.0.1:4222',
  DATABASE_URL: 'postgres://127.0.0.1/portcullis_user',
  CLIENT_SECRET: 'kV7pZr2mQ9xLw4TnB8sYc1HfJd6Gu3Ea',
};

function problemsOf(read: () => unknown): readonly string[] {
  try {
    read();
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
}

describe('readConfig', () => {
  it('fills in what has a default', () => {
    expect(readConfig(schema(true), good)).toMatchObject({
      HOST: '127.0.0.1',
      PORT: 4001,
      LOG_LEVEL: 'info',
      PORTCULLIS_PREFIX: 'portcullis',
      PORTCULLIS_TRUSTED_PROXIES: [],
    });
  });

  it('names everything that is wrong at once, and no value', () => {
    const bad = {
      PORT: '70000',
      NATS_URL: 'http://secret-host',
      PORTCULLIS_TRUSTED_PROXIES: '10.0.0.0/8,everybody',
      CLIENT_SECRET: 'hunter2-hunter2',
      LOG_LEVEL: 'loud',
    };
    const problems = problemsOf(() => readConfig(schema(true), bad));
    expect(problems.map((line: string) => line.split(':')[0] ?? '').toSorted()).toEqual([
      'CLIENT_SECRET',
      'DATABASE_URL',
      'LOG_LEVEL',
      'NATS_URL',
      'PORT',
      'PORTCULLIS_ISSUER',
      'PORTCULLIS_TRUSTED_PROXIES',
    ]);
    for (const value of Object.values(bad)) expect(problems.join('\n')).not.toContain(value);
    expect(problems).toContain('DATABASE_URL: is missing');
  });

  it.each([
    ['*', 'is not a list of header names'],
    ['traceparent;baggage', 'is not a list of header names'],
    ['traceparent,', 'is not a list of header names'],
    ['x'.repeat(65), 'is not a list of header names'],
    ['Cookie', 'names a header that no page sends'],
    ['traceparent, X-Forwarded-For', 'names a header that no page sends'],
    ['Sec-Fetch-Site', 'names a header that no page sends'],
    [Array.from({ length: 33 }, (_, i) => `x-${i}`).join(), 'names more than 32 headers'],
  ])('pages may not be allowed to send %s', (names, why) => {
    const env = { ...good, PORTCULLIS_WEB_REQUEST_HEADERS: names };
    const [problem, ...more] = problemsOf(() => readConfig(schema(true), env));
    expect(problem).toContain(`PORTCULLIS_WEB_REQUEST_HEADERS: ${why}`);
    expect(more).toEqual([]);
  });

  it.each(['*', 'Set-Cookie', 'x y'])('pages may not be allowed to read %s', (names) => {
    const env = { ...good, PORTCULLIS_WEB_ANSWER_HEADERS: names };
    expect(problemsOf(() => readConfig(schema(true), env))).toHaveLength(1);
  });

  it('names of headers are taken in any case', () => {
    const env = { ...good, PORTCULLIS_WEB_REQUEST_HEADERS: 'traceparent, Sentry-Trace' };
    const names = readConfig(schema(true), env).PORTCULLIS_WEB_REQUEST_HEADERS;
    expect(names).toEqual(['traceparent', 'sentry-trace']);
  });

  it('reads a secret from a file, without the newline at its end', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'config-')), 'secret');
    writeFileSync(file, `${good['CLIENT_SECRET']}\n`);
    const { CLIENT_SECRET: _, ...others } = good;
    expect(readConfig(schema(true), { ...others, CLIENT_SECRET_FILE: file }).CLIENT_SECRET).toBe(
      good['CLIENT_SECRET'],
    );
    expect(
      problemsOf(() => readConfig(schema(true), { ...good, CLIENT_SECRET_FILE: file })),
    ).toEqual(['CLIENT_SECRET: is given twice, by itself and by CLIENT_SECRET_FILE']);
    expect(
      problemsOf(() => readConfig(schema(true), { ...others, CLIENT_SECRET_FILE: `${file}.no` })),
    ).toEqual(['CLIENT_SECRET: the file that CLIENT_SECRET_FILE names cannot be read (ENOENT)']);
  });
});

describe('in production', () => {
  it.each([
    'changeme',
    'Change-Me!',
    'password123',
    'secretsecretsecret',
    'a'.repeat(40),
    'portcullis',
  ])('the secret %s is refused', (value) => {
    expect(isWellKnown(value)).toBe(true);
    expect(secret({ production: true, minLength: 4 }).safeParse(value).success).toBe(false);
    expect(secret({ production: false, minLength: 4 }).safeParse(value).success).toBe(true);
  });

  it('a well-known password in the address of the database is refused', () => {
    const url = 'postgres://app:postgres@db/app';
    expect(databaseUrl({ production: true }).safeParse(url).success).toBe(false);
    expect(databaseUrl({ production: false }).safeParse(url).success).toBe(true);
  });

  it('plain http is for the same machine only', () => {
    const production = httpUrl({ production: true });
    expect(production.safeParse('http://issuer.test').success).toBe(false);
    expect(production.safeParse('http://localhost:4000').success).toBe(true);
    expect(production.safeParse('https://issuer.test').success).toBe(true);
    expect(httpUrl({ production: false }).safeParse('http://issuer.test').success).toBe(true);
  });
});

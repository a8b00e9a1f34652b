import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readAuthConfig } from '../src/config.ts';
import { readEnsureApplicationConfig, readEnsureClientConfig } from '../src/config/commands.ts';

const secret = randomBytes(32).toString('base64url');
const env = {
  DATABASE_URL: 'postgres://127.0.0.1/auth',
  NATS_URL: 'nats://127.0.0.1:4222',
  REDIS_URL: 'redis://127.0.0.1:6379',
  PORTCULLIS_ISSUER: 'http://localhost:4000',
  PORTCULLIS_KEY_ENCRYPTION_KEY: secret,
};
const production = {
  ...env,
  NODE_ENV: 'production',
  PORTCULLIS_ISSUER: 'https://auth.example.test',
  PORTCULLIS_SMTP_URL: 'smtps://auth:a-password-of-its-own@mail.example.test',
  PORTCULLIS_MAIL_FROM: 'auth@example.test',
};

describe('the configuration', () => {
  it('has defaults for what is no secret', () => {
    expect(readAuthConfig(env)).toMatchObject({
      accessTokenSeconds: 600,
      maxStalenessMs: 5_000,
      requireVerifiedEmail: false,
      rateLimitScale: 1,
      argon2: { memoryCost: 65_536, timeCost: 3, parallelism: 1 },
      listen: { host: '127.0.0.1', port: 4000 },
      secrets: { administrator: null },
    });
    expect(readAuthConfig(production).requireVerifiedEmail).toBe(true);
  });

  it.each<[string, Record<string, string>, string]>([
    [
      'a token life above an hour',
      { PORTCULLIS_ACCESS_TOKEN_SECONDS: '3601' },
      'PORTCULLIS_ACCESS_TOKEN_SECONDS',
    ],
    [
      'no key-encryption key',
      { PORTCULLIS_KEY_ENCRYPTION_KEY: '' },
      'PORTCULLIS_KEY_ENCRYPTION_KEY',
    ],
    [
      'a short key-encryption key',
      { PORTCULLIS_KEY_ENCRYPTION_KEY: secret.slice(1) },
      'PORTCULLIS_KEY_ENCRYPTION_KEY',
    ],
    [
      'audiences without its own',
      { PORTCULLIS_AUDIENCES: 'urn:portcullis:user' },
      'PORTCULLIS_AUDIENCES',
    ],
    ['a scale of nothing', { PORTCULLIS_RATE_LIMIT_SCALE: '0' }, 'PORTCULLIS_RATE_LIMIT_SCALE'],
    [
      'a scale that is no number',
      { PORTCULLIS_RATE_LIMIT_SCALE: '1e9' },
      'PORTCULLIS_RATE_LIMIT_SCALE',
    ],
    ['half an administrator', { PORTCULLIS_ADMIN_EMAIL: 'a@b.test' }, 'PORTCULLIS_ADMIN_PASSWORD'],
    [
      'a reader of a stream that is none',
      { PORTCULLIS_DURABLES: 'billing:accounts billing:money' },
      'PORTCULLIS_DURABLES',
    ],
    ['no Redis', { REDIS_URL: '' }, 'REDIS_URL'],
  ])('is refused with %s', (_name, change, named) => {
    expect(() => readAuthConfig({ ...env, ...change })).toThrow(named);
    expect(() => readAuthConfig({ ...env, ...change })).not.toThrow(secret);
  });

  it('takes no guessable key-encryption key into production', () => {
    const guessable = Buffer.alloc(32).toString('base64url');
    expect(() =>
      readAuthConfig({ ...production, PORTCULLIS_KEY_ENCRYPTION_KEY: guessable }),
    ).toThrow('PORTCULLIS_KEY_ENCRYPTION_KEY');
  });
});

describe('argon2', () => {
  const argon2 = (text: string) => readAuthConfig({ ...env, PORTCULLIS_ARGON2: text }).argon2;

  it("argon2 parameters are those of RFC 9106 by default, which are not below OWASP's", () => {
    expect(readAuthConfig(env).argon2).toEqual({ memoryCost: 65_536, timeCost: 3, parallelism: 1 });
    expect(argon2('m=65536,t=3,p=1')).toEqual(readAuthConfig(env).argon2);
  });

  it.each(['m=47104,t=1,p=1', 'm=19456,t=2,p=1', 'm=12288,t=3,p=1', 'm=7168,t=5,p=4'])(
    'takes %s',
    (text) => {
      const { memoryCost, timeCost, parallelism } = argon2(text);
      expect(`m=${memoryCost},t=${timeCost},p=${parallelism}`).toBe(text);
    },
  );

  it.each([
    'm=47103,t=1,p=1',
    'm=19455,t=2,p=1',
    'm=12287,t=3,p=1',
    'm=9215,t=4,p=1',
    'm=7167,t=32,p=1',
    'm=65536,t=0,p=1',
    'm=65536,t=3,p=0',
    'm=65536,t=3,p=17',
    'm=1048577,t=3,p=1',
    'm=65536,t=33,p=1',
    'm=65536,t=3',
    't=3,m=65536,p=1',
    'm=-65536,t=3,p=1',
    'm=65536,t=3,p=1 ',
  ])('does not start with %j', (text) => {
    expect(() => argon2(text)).toThrow('PORTCULLIS_ARGON2');
  });
});

describe('sessions', () => {
  it('live and are as many as configured, within bounds', () => {
    expect(readAuthConfig(env).sessionLimits).toEqual({
      idleSeconds: 1_209_600,
      absoluteSeconds: 7_776_000,
      most: 50,
    });
    const own = {
      PORTCULLIS_SESSION_IDLE_SECONDS: '900',
      PORTCULLIS_SESSION_SECONDS: '43200',
      PORTCULLIS_MAX_SESSIONS: '1',
    };
    expect(readAuthConfig({ ...env, ...own }).sessionLimits).toEqual({
      idleSeconds: 900,
      absoluteSeconds: 43_200,
      most: 1,
    });
    for (const [name, wrong] of [
      ['PORTCULLIS_SESSION_IDLE_SECONDS', '59'],
      ['PORTCULLIS_SESSION_IDLE_SECONDS', '43201'],
      ['PORTCULLIS_SESSION_SECONDS', '31536001'],
      ['PORTCULLIS_MAX_SESSIONS', '0'],
      ['PORTCULLIS_MAX_SESSIONS', 'many'],
    ] as const) {
      expect(() => readAuthConfig({ ...env, ...own, [name]: wrong })).toThrow(name);
    }
  });
});

describe('mail', () => {
  const withoutMail = { ...production, PORTCULLIS_SMTP_URL: '' };

  it('goes to a server in production, over TLS unless it is on the same machine', () => {
    const { mail, secrets } = readAuthConfig(production);
    expect(mail).toEqual({ by: 'smtp', from: 'auth@example.test', requireTls: true });
    expect(secrets.smtpUrl).toBe(production.PORTCULLIS_SMTP_URL);
    const local = { ...production, PORTCULLIS_SMTP_URL: 'smtp://127.0.0.1:25' };
    expect(readAuthConfig(local).mail).toMatchObject({ requireTls: false });
  });

  it('is not left out of production by accident', () => {
    expect(() => readAuthConfig(withoutMail)).toThrow('PORTCULLIS_SMTP_URL');
    expect(() => readAuthConfig({ ...withoutMail, PORTCULLIS_MAIL_FOLDER: '/tmp' })).toThrow(
      'PORTCULLIS_MAIL_FOLDER',
    );
    expect(() => readAuthConfig({ ...production, PORTCULLIS_MAIL_FROM: '' })).toThrow(
      'PORTCULLIS_MAIL_FROM',
    );
    const unwilling = { ...withoutMail, PORTCULLIS_SEND_NO_MAIL_AND_RECOVER_NO_ACCOUNT: 'true' };
    expect(readAuthConfig(unwilling).mail).toEqual({ by: 'none' });
  });

  it('links lead to the issuer by default', () => {
    expect(readAuthConfig(production).publicUrl).toBe('https://auth.example.test');
    const told = { ...production, PORTCULLIS_PUBLIC_URL: 'https://app.example.test/a/' };
    expect(readAuthConfig(told).publicUrl).toBe('https://app.example.test/a');
  });
});

describe('ensure-client', () => {
  const words = ['--id', 'cli_a', '--name', 'a', '--scope', 'users:read', '--audience', 'urn:x'];
  const own = { ...env, PORTCULLIS_CLIENT_SECRET: secret };

  it('reads its words', () => {
    expect(readEnsureClientConfig(words, own).client).toMatchObject({
      id: 'cli_a',
      scopes: ['users:read'],
      audiences: ['urn:x'],
    });
  });

  it('refuses a short secret, a strange scope, and a strange id', () => {
    const short = { ...own, PORTCULLIS_CLIENT_SECRET: secret.slice(0, 31) };
    expect(() => readEnsureClientConfig(words, short)).toThrow('PORTCULLIS_CLIENT_SECRET');
    expect(() => readEnsureClientConfig(words.with(5, 'Users:Own'), own)).toThrow('--scope');
    expect(() => readEnsureClientConfig(words.with(1, 'admin'), own)).toThrow('--id');
  });

  it.each([['--ids', 'cli_b'], ['--secret=hunter2'], ['hunter2'], ['--name']])(
    'says what its words are to %s, and repeats none',
    (...more) => {
      const read = () => readEnsureClientConfig([...words, ...more], own);
      expect(read).toThrow(/^The configuration cannot be used:\n {2}the words .*--audience/);
      expect(read).not.toThrow('hunter2');
    },
  );

  it('takes a secret or public keys, and one of the two', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwks = (key: KeyObject) =>
      JSON.stringify({ keys: [{ ...key.export({ format: 'jwk' }), kid: 'one' }] });
    const keyed = { ...env, PORTCULLIS_CLIENT_JWKS: jwks(publicKey) };
    expect(readEnsureClientConfig(words, keyed).client.jwks?.keys).toMatchObject([{ kid: 'one' }]);
    for (const wrong of [
      env,
      { ...own, PORTCULLIS_CLIENT_JWKS: jwks(publicKey) },
      { ...env, PORTCULLIS_CLIENT_JWKS: jwks(privateKey) },
      { ...env, PORTCULLIS_CLIENT_JWKS: '{}' },
      { ...env, PORTCULLIS_CLIENT_JWKS: 'x' },
    ]) {
      expect(() => readEnsureClientConfig(words, wrong)).toThrow('PORTCULLIS_CLIENT_');
    }
  });
});

describe('the command that makes an application', () => {
  const words = ['--id', 'cli_shop', '--name', 'The shop'];
  const read = (...uris: string[]) =>
    readEnsureApplicationConfig([...words, ...uris.map((uri) => `--redirect-uri=${uri}`)], env)
      .application.redirectUris;

  it('takes redirect URIs as they are, each once, or none', () => {
    expect(read()).toEqual([]);
    const uris = [
      'https://app.example.test',
      'https://app.example.test/back?from=auth',
      'http://127.0.0.1:5173/back',
      'http://localhost/back',
    ];
    expect(read(...uris, 'http://localhost/back')).toEqual(uris);
  });

  it.each([
    ['http://app.example.test/back'],
    ['https://app.example.test/back#'],
    ['https://app.example.test/a b'],
    ['https://ada@app.example.test/'],
    ['https:app.example.test/back'],
    ['https://app.example.test/\\back'],
    ['https://app.example.test/bäck'],
    ['https://app.example.test/\r\nx'],
    ['com.example.app:/back'],
    ['https://*.example.test/back'],
    ['https://example.test;script-src/back'],
    ['http://[::1]:8080/'],
    ['javascript:0'],
    ['//app.example.test/'],
    ['/back'],
    [''],
    [`https://app.example.test/${'a'.repeat(2_048)}`],
  ])('refuses %j', (uri) => {
    expect(() => read(uri)).toThrow('--redirect-uri');
  });
});

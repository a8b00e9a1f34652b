/** In production a server elsewhere is connected to by TLS that checks it, or not at all. */
import {
  parseBusAddress,
  readConfig,
  redisTls,
  securedAddress,
  tlsFields,
} from '@portcullis/service';
import { postgresTls } from '@portcullis/service/postgres';
import { createAuthority } from '@portcullis/testbed';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

type Name = 'DATABASE_URL' | 'NATS_URL' | 'REDIS_URL';

const folder = mkdtempSync(join(tmpdir(), 'portcullis-tls-'));
const authority = createAuthority('authority');
const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const ca = write('ca.pem', authority.cert);
const pair = authority.issue();
const cert = write('cert.pem', pair.cert);
const key = write('key.pem', pair.key);

function secured(name: Name, address: string, env: Record<string, string> = {}): string {
  const production = env['NODE_ENV'] !== 'development';
  const settings = readConfig(z.object(tlsFields({ production })), env);
  return securedAddress(name, address, settings, production);
}

const TRUSTING = { PORTCULLIS_SEND_PLAIN_TEXT_AND_TRUST_THE_NETWORK: 'true' };
const DEVELOPMENT = { NODE_ENV: 'development' };

describe('in production', () => {
  it.each<[Name, string, string]>([
    ['DATABASE_URL', 'postgres://a:pw@db/a?sslmode=disable', 'sslmode=disable'],
    ['DATABASE_URL', 'postgres://a:pw@db/a?sslmode=allow', 'does not check the server'],
    ['DATABASE_URL', 'postgres://a:pw@db/a?sslmode=prefer', 'does not check the server'],
    ['DATABASE_URL', 'postgres://a:pw@db/a?sslmode=require', 'does not check the server'],
    ['DATABASE_URL', 'postgres://a:pw@db/a?sslmode=verify-ca', 'does not check the server'],
    ['DATABASE_URL', 'postgres://a:pw@localhost/a?sslmode=require', 'does not check the server'],
    ['DATABASE_URL', 'postgres://a:pw@db/a?sslmode=verify', 'that there is not'],
    ['DATABASE_URL', 'postgres://a:pw@db/a?ssl=false', 'sslmode=verify-full'],
    ['REDIS_URL', 'redis://:pw@cache:6379', 'has to be rediss://'],
    ['REDIS_URL', 'rediss://:pw@cache:6379?tls=x', 'has other options'],
    ['REDIS_URL', 'rediss://:pw@cache:6379?path=/tmp/x', 'has other options'],
    ['NATS_URL', 'nats://auth:pw@bus:4222', 'has to be tls://'],
    ['NATS_URL', 'nats://auth:pw@localhost:4222,nats://auth:pw@bus:4222', 'has to be tls://'],
    ['NATS_URL', 'tls://auth:pw@bus:4222,nats://auth:pw@other:4222', 'mixes'],
    ['NATS_URL', 'tls://auth:pw@10.0.0.5:4222', 'by a number'],
    ['NATS_URL', 'tls://auth:pw@[fd00::5]:4222', 'by a number'],
  ])('%s %s is refused, by its name', (name, address, why) => {
    const attempt = () => secured(name, address);
    expect(attempt).toThrow(new RegExp(`${name}: .*${why}`));
    expect(attempt).not.toThrow(/pw/);
  });

  it('a database elsewhere is checked where its address does not say so', () => {
    expect(secured('DATABASE_URL', 'postgres://a:pw@db/a')).toBe(
      'postgres://a:pw@db/a?sslmode=verify-full',
    );
    const { options } = postgresTls(secured('DATABASE_URL', 'postgres://a:pw@db/a'));
    expect(options.ssl).toMatchObject({ rejectUnauthorized: true });
  });

  it.each<[Name, string]>([
    ['DATABASE_URL', 'postgres://a:pw@127.0.0.1/a'],
    ['REDIS_URL', 'redis://localhost:6379'],
    ['NATS_URL', 'nats://auth:pw@[::1]:4222'],
  ])('this machine needs no TLS: %s', (name, address) => {
    expect(secured(name, address)).toBe(address);
  });

  it.each<[Name, string]>([
    ['DATABASE_URL', 'postgres://a:pw@db/a'],
    ['DATABASE_URL', 'postgres://a:pw@db/a?sslmode=disable'],
    ['REDIS_URL', 'redis://cache:6379'],
    ['NATS_URL', 'nats://auth:pw@bus:4222'],
  ])('nor does a network that is trusted by a setting: %s', (name, address) => {
    expect(secured(name, address, TRUSTING)).toBe(address);
  });

  it('which ends no check where TLS is used', () => {
    const attempt = () => secured('DATABASE_URL', 'postgres://a:pw@db/a?sslmode=require', TRUSTING);
    expect(attempt).toThrow(/does not check the server/);
    const address = secured('REDIS_URL', 'rediss://cache:6379', TRUSTING);
    expect(redisTls(address).options.tls).toMatchObject({ rejectUnauthorized: true });
  });

  it('Node’s own switch is refused', () => {
    const env = { NODE_TLS_REJECT_UNAUTHORIZED: '0' };
    expect(() => secured('REDIS_URL', 'rediss://cache:6379', env)).toThrow(
      'NODE_TLS_REJECT_UNAUTHORIZED',
    );
    expect(() =>
      secured('REDIS_URL', 'rediss://cache:6379', { ...env, ...DEVELOPMENT }),
    ).not.toThrow();
  });
});

describe('elsewhere', () => {
  it.each<[Name, string]>([
    ['DATABASE_URL', 'postgres://a:pw@db/a'],
    ['DATABASE_URL', 'postgres://a:pw@db/a?sslmode=require'],
    ['REDIS_URL', 'redis://cache:6379'],
    ['NATS_URL', 'nats://auth:pw@bus:4222'],
  ])('%s is as it was given: %s', (name, address) => {
    expect(secured(name, address, DEVELOPMENT)).toBe(address);
  });
});

describe('the files', () => {
  const FILES = {
    PORTCULLIS_TLS_CA_FILE: ca,
    PORTCULLIS_TLS_CERT_FILE: cert,
    PORTCULLIS_TLS_KEY_FILE: key,
  };

  it('go with each address that uses TLS', () => {
    const { options } = postgresTls(secured('DATABASE_URL', 'postgres://db/a', FILES));
    expect(options.ssl).toMatchObject({ rejectUnauthorized: true });
    const bus = parseBusAddress(secured('NATS_URL', 'tls://a:pw@one:1,tls://b:pw@two:2', FILES));
    expect(bus).toMatchObject({ servers: ['tls://one:1', 'tls://two:2'], user: 'a', pass: 'pw' });
    expect(bus.tls).toMatchObject({ rejectUnauthorized: true });
    expect(secured('REDIS_URL', 'redis://localhost', FILES)).toBe('redis://localhost');
  });

  it('are not put in place of those that an address names', () => {
    const own = write('own.pem', createAuthority('another').cert);
    const address = `postgres://db/a?sslrootcert=${encodeURIComponent(own)}`;
    const { searchParams } = new URL(secured('DATABASE_URL', address, FILES));
    expect(searchParams.get('sslrootcert')).toBe(own);
    expect(searchParams.get('sslcert')).toBe(cert);
  });

  it.each<[string, Record<string, string>, string]>([
    ['is not there', { PORTCULLIS_TLS_CA_FILE: join(folder, 'none') }, 'PORTCULLIS_TLS_CA_FILE'],
    ['is a key', { PORTCULLIS_TLS_CA_FILE: key }, 'PORTCULLIS_TLS_CA_FILE'],
    ['is a certificate alone', { PORTCULLIS_TLS_CERT_FILE: cert }, 'PORTCULLIS_TLS_KEY_FILE'],
    ['is a key alone', { PORTCULLIS_TLS_KEY_FILE: key }, 'PORTCULLIS_TLS_CERT_FILE'],
  ])('one that %s is refused at the start', (_what, env, named) => {
    expect(() => secured('REDIS_URL', 'rediss://cache', env)).toThrow(`${named}: `);
  });
});

describe('a renewed file', () => {
  it('counts from the next connection on, and one that cannot be used changes nothing', () => {
    const file = write('renewed.pem', authority.cert);
    const address = `rediss://cache?sslrootcert=${encodeURIComponent(file)}`;
    const { tls } = redisTls(address).options;
    const first = tls?.secureContext;
    expect(tls?.secureContext).toBe(first);
    writeFileSync(file, createAuthority('the next').cert);
    const second = tls?.secureContext;
    expect(second).not.toBe(first);
    writeFileSync(file, '-----BEGIN CERTIFICATE-----\nMII');
    expect(tls?.secureContext).toBe(second);
    writeFileSync(file, authority.cert);
    expect(tls?.secureContext).not.toBe(second);
  });
});

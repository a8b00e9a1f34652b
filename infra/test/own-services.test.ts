/** Services of the reader's own beside the launcher: what `npm run service` writes, and what is made of it. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { main } from '../service.ts';
import { readWords, Words, WrongUsage } from '../usage/read-words.mjs';
import { environmentFile, writeEnvironment } from '../services/own-service-environment.ts';
import {
  ownServices,
  ownServicesFile,
  readService,
  withOwnServices,
  writeOwnServices,
} from '../nats/own-services.ts';

const ORDERS = { name: 'orders', audience: 'urn:acme:orders', events: ['accounts'] } as const;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-own-services-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('services of the reader’s own', () => {
  it('are read as they were written, and are none before', () => {
    expect(ownServices(folder)).toEqual([]);
    writeOwnServices(folder, [ORDERS, { name: 'billing', events: [] }]);
    expect(ownServices(folder)).toEqual([ORDERS, { name: 'billing', events: [] }]);
  });

  it.each([
    ['a name that NATS could not have', 'Orders', {}],
    ['the name of a service that is there', 'auth', {}],
    ['the name of the user that looks whether NATS is there', 'launcher', {}],
    ['a stream that is none', 'orders', { events: ['audit'] }],
    ['an audience with a blank', 'orders', { audience: 'a b' }],
    ['no object', 'orders', 'accounts'],
  ])('are refused: %s', (_, name, service) => {
    expect(() => readService(name, service)).toThrow(TypeError);
    writeFileSync(ownServicesFile(folder), JSON.stringify({ [name]: service }));
    expect(() => ownServices(folder)).toThrow(/services\.json/);
  });

  it('keep their settings in a file that only its owner can read, and a secret that was made stays', () => {
    const facts = { issuer: 'http://localhost:4000', prefix: 'portcullis', nats: 'nats://o:p@h:1' };
    writeEnvironment(folder, ORDERS, facts);
    const file = environmentFile(folder, ORDERS);
    const before = readFileSync(file, 'utf8');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(before).toMatch(/^NATS_URL=nats:\/\/o:p@h:1$/m);
    expect(before).toMatch(/^PORTCULLIS_AUDIENCE=urn:acme:orders$/m);
    expect(before).toMatch(/^PORTCULLIS_CLIENT_SECRET=[\w-]{43}$/m);
    writeEnvironment(folder, ORDERS, facts);
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  it('add their audience and durable consumers to what the shell has', () => {
    expect(withOwnServices([ORDERS], {})).toEqual({
      PORTCULLIS_AUDIENCES:
        'urn:portcullis:auth urn:portcullis:user urn:portcullis:admin urn:acme:orders',
      PORTCULLIS_DURABLES: 'orders:accounts',
    });
    const shell = {
      PORTCULLIS_AUDIENCES: 'urn:portcullis:auth',
      PORTCULLIS_DURABLES: 'a:accounts',
    };
    expect(withOwnServices([ORDERS], shell)).toEqual({
      PORTCULLIS_AUDIENCES: 'urn:portcullis:auth urn:acme:orders',
      PORTCULLIS_DURABLES: 'a:accounts orders:accounts',
    });
    expect(withOwnServices([{ name: 'orders', events: [] }], {})).toEqual({});
    expect(withOwnServices([ORDERS], { PORTCULLIS_AUDIENCES_FILE: '/a' })).not.toHaveProperty(
      'PORTCULLIS_AUDIENCES',
    );
  });

  it.each([
    [[]],
    [['add']],
    [['add', 'auth']],
    [['add', 'orders', '--event', 'x']],
    [['drop', 'a']],
  ])('are not added by other words: %j', (words) => {
    const add = (): void => {
      const read = readWords('service', words);
      if (read instanceof Words) main(read);
    };
    expect(add).toThrow(WrongUsage);
  });
});

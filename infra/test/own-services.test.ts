/** Services of the reader's own beside the launcher: what `npm run service` writes, and what is made of it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { demandSecretsOfItsOwn } from '../own-services/add-service.ts';
import { startOf } from '../lifetime/process-identity.mjs';
import { listServices } from '../own-services/list-services.ts';
import { natsHome } from '../own-services/nats-users.ts';
import { wordOf } from '../own-services/permissions.ts';
import { manageServices } from '../service.ts';
import { SystemNotRunning } from '../services/running-system.ts';
import { readWords, Words, WrongUsage } from '../usage/read-words.mjs';
import { environmentFile, writeEnvironment } from '../services/own-service-environment.ts';
import {
  ownServices,
  ownServicesFile,
  readService,
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
    expect(ownServices(folder)).toEqual([{ name: 'billing', events: [] }, ORDERS]);
  });

  it.each([
    ['a name that NATS could not have', 'Orders', {}],
    ['the name of a service that is there', 'auth', {}],
    ['the name of the user that looks whether NATS is there', 'launcher', {}],
    ['a stream that is none', 'orders', { events: ['audit'] }],
    ['an audience with a blank', 'orders', { audience: 'a b' }],
    ['an audience that a file of settings would cut', 'orders', { audience: 'urn:acme#orders' }],
    ['an audience that a file of settings would unquote', 'orders', { audience: "'orders'" }],
    ['no object', 'orders', 'accounts'],
    ['the name of the client that users log in by', 'first-party', {}],
    ['no name', '', {}],
    ['a name that is too long', 'o'.repeat(33), {}],
    ['a path', '../x', {}],
    ['a permission that is none', 'orders', { permissions: ['Orders'] }],
    ['a client that is none', 'orders', { client: 'orders' }],
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

  it.each([
    [[]],
    [['add']],
    [['add', 'auth']],
    [['add', 'orders']],
    [['add', 'orders', '--event', 'x']],
    [['drop', 'a']],
    [['add', '']],
    [['add', 'Orders']],
    [['add', 'o'.repeat(33)]],
    [['add', '../x']],
    [['add', 'first-party']],
    [['add', 'orders', '--permissions', 'orders read']],
    [['add', 'orders', 'billing']],
    [['remove', '../x']],
  ])('are refused before anything is made: %j', async (words) => {
    const manage = async (): Promise<void> => {
      const read = readWords('service', words);
      if (read instanceof Words) await manageServices(folder, read);
    };
    await expect(manage()).rejects.toThrow(WrongUsage);
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    ['is new', {}, 'urn:acme:shop'],
    ['is there', { shop: { audience: 'urn:shop' } }, 'urn:shop'],
    ['was added without one', { shop: {} }, 'urn:portcullis:user'],
  ])(
    'are not added without an audience, and the whole command is named: one that %s',
    async (_, known, audience) => {
      const file = ownServicesFile(folder);
      writeFileSync(file, JSON.stringify(known));
      const words = ['add', 'shop', '--events', 'accounts'];
      const read = readWords('service', words);
      if (!(read instanceof Words)) throw new Error(read);
      const failure = await manageServices(folder, read).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(WrongUsage);
      expect(failure).toMatchObject({
        message:
          'npm run service -- add: no --audience is given, which says what the tokens of shop are for. ' +
          `Fix: npm run service -- ${words.join(' ')} --audience ${audience}`,
      });
      expect(readdirSync(folder)).toEqual(['services.json']);
      expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(known);
    },
  );

  it('that are not made yet are listed with the whole command that makes them', () => {
    const said = vi.spyOn(console, 'log').mockReturnValue();
    listServices(folder);
    writeOwnServices(folder, [{ ...ORDERS, permissions: ['orders:read', 'orders:refund'] }]);
    listServices(folder);
    expect(said.mock.calls.flat()).toEqual([
      expect.stringContaining('npm run service -- add NAME --audience URN'),
      expect.stringMatching(
        /npm run service -- add orders --audience urn:acme:orders --permissions orders:read,orders:refund --events accounts$/,
      ),
    ]);
    said.mockRestore();
  });

  it.each([
    ['nats-orders', 'orders-client'],
    ['orders-client', 'nats-orders'],
    ['nats', 'client'],
  ])('are refused where one would have a secret of another: %s beside %s', (name, other) => {
    const add = (others: string[]): void =>
      demandSecretsOfItsOwn(
        { name, events: [] },
        others.map((one) => ({ name: one, events: [] })),
      );
    expect(() => add(['billing', other])).toThrow(/share a secret/);
    expect(() => add(['billing', 'orders', 'nats-billing'])).not.toThrow();
  });

  it('have undeclared permissions named with a role to paste, and one that is nearly another by that name', () => {
    const config = join(folder, 'config.json');
    vi.stubEnv('PORTCULLIS_CONFIG_FILE', config);
    try {
      expect(wordOf(['shop:sell'])).toEqual([
        expect.stringContaining('no role can carry shop:sell yet'),
        '  number: 1,',
        "  permissions: ['shop:sell'],",
        "  roles: { manager: ['shop:sell'] },",
        expect.stringContaining('npm run config'),
      ]);
      const roles = { 'shop-clerk': ['shop:sell'], manager: ['users:read'] };
      const declared = { number: 4, permissions: ['shop:sell'], roles, scopes: [] };
      writeFileSync(config, JSON.stringify(declared));
      expect(wordOf(['shop:sell', 'users:read'])).toEqual([]);
      const said = wordOf(['shop:sel', 'user:read', 'shop:refund']);
      expect(said).toEqual([
        expect.stringMatching(/^shop:sel is declared nowhere, and shop:sell is: /),
        expect.stringMatching(/^user:read is declared nowhere, and users:read is: /),
        expect.stringContaining('no role can carry shop:sel, user:read, shop:refund yet'),
        '  number: 5,',
        "  permissions: ['shop:sell', 'shop:sel', 'user:read', 'shop:refund'],",
        "  roles: { 'shop-clerk': ['shop:sell'], manager: ['users:read', 'shop:sel', 'user:read', 'shop:refund'] },",
        expect.stringContaining('npm run config'),
      ]);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('have their users on the NATS that npm start runs, which may have ended, or on one in containers', () => {
    vi.stubEnv('NATS_URL', '');
    try {
      expect(natsHome(folder)).toBe('ended');
      const home = (...owned: object[]): string => {
        writeFileSync(join(folder, 'processes.json'), JSON.stringify({ owned }));
        return natsHome(folder);
      };
      const server = { kind: 'process', name: 'nats', stage: 2, signal: 'SIGTERM', graceMs: 1 };
      const start = startOf(process.pid);
      expect(home({ ...server, pid: process.pid, start })).toBe('this machine');
      expect(home({ ...server, pid: process.pid, start: 'another' })).toBe('ended');
      expect(home({ kind: 'command', name: 'docker compose', argv: [], cwd: '/' })).toBe(
        'docker compose',
      );
      vi.stubEnv('NATS_URL', 'nats://127.0.0.1:1');
      expect(natsHome(folder)).toBe('given');
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('are neither added nor removed while the system does not run: the one thing to do is named', async () => {
    for (const verb of ['add', 'remove']) {
      const more = verb === 'add' ? ['--audience', 'urn:acme:orders'] : [];
      const read = readWords('service', [verb, 'orders', ...more]);
      if (!(read instanceof Words)) throw new Error(read);
      const failure = await manageServices(folder, read).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(SystemNotRunning);
      expect(failure).toMatchObject({
        message: 'The system does not run, and nothing was changed.',
        fix: expect.stringMatching(
          new RegExp(`^npm start, in another terminal; .*: npm run service -- ${verb} orders( |$)`),
        ),
      });
      expect(readdirSync(folder)).toEqual([]);
    }
  });
});

/** The mapping of roles: which one counts, which instance may serve, and what a start refuses. */
import { defineConfig, newId, type AccessConfig, type ClientId } from '@portcullis/contracts';
import { jwsSignatureHolds, parseJws, readKeySet } from '@portcullis/verify';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installAccess, OtherAccess } from '../../src/access/install-access.ts';
import { ensureClient } from '../../src/client/ensure-client.ts';
import { changeOffline } from '../../src/commands/change-offline.ts';
import { readAuthConfig } from '../../src/config.ts';
import { demandShortTokens, shortTokensOf } from '../../src/compose-access.ts';
import { FACTOR_CLAIMS } from '../../src/factor/factor-claims.ts';
import { longestUserToken } from '../../src/token/longest-token.ts';
import {
  ADMIN,
  basic,
  partOf,
  startAuthSystem,
  type AuthInstance,
  type AuthSystem,
} from '../auth-system.ts';

const CONFIG = defineConfig({
  number: 3,
  permissions: ['orders:read', 'orders:refund'],
  roles: { clerk: ['orders:read'] },
  scopes: ['export'],
});

let system: AuthSystem;
let first: AuthInstance;

beforeAll(async () => {
  system = await startAuthSystem({ overrides: { PORTCULLIS_CONFIG: JSON.stringify(CONFIG) } });
  first = system.auth;
}, 120_000);
afterAll(async () => {
  await system.bed.dispose();
});

const readiness = async (instance: AuthInstance) => {
  const { status, body } = await instance.call('GET', '/readyz');
  return [status, body.checks.access];
};

const next = (number: number) => ({
  PORTCULLIS_CONFIG: JSON.stringify({
    ...CONFIG,
    number,
    permissions: [...CONFIG.permissions, `p:${number}`],
  }),
});

const install = (config: AccessConfig) =>
  changeOffline(system.bed.databaseUrls.auth, (database, withChange) =>
    installAccess(database, withChange, config),
  );

describe('the mapping of an instance', () => {
  it('counts from its start on, and is in the trail', async () => {
    const rows = await system.sql`select number, config from access_mapping`;
    expect(rows).toEqual([{ number: 3, config: CONFIG }]);
    const trail = await system.sql`
      select target_id, actor_id, detail from audit_log where action = 'access.changed'`;
    expect(trail).toEqual([
      {
        target_id: '3',
        actor_id: 'configuration',
        detail: { outcome: 'installed', from: 0, roles: CONFIG.roles },
      },
    ]);
    const { body } = await first.call('GET', '/.well-known/oauth-authorization-server');
    expect(body.scopes_supported).toEqual(
      expect.arrayContaining(['users:read', 'orders:refund', 'export']),
    );
  });

  it('with the same number and other names keeps it from starting', async () => {
    const other = { ...CONFIG, roles: { clerk: ['orders:refund'] } };
    await expect(system.start({ PORTCULLIS_CONFIG: JSON.stringify(other) })).rejects.toThrow(
      'PORTCULLIS_CONFIG: number: is 3, which another mapping has in the database: raise it',
    );
    await expect(install(other)).rejects.toThrow(OtherAccess);
    const sorted = { ...CONFIG, permissions: CONFIG.permissions.toReversed() };
    expect(await install(sorted)).toBe('present');
  });

  it('with a lower number is not ready, nor is one without any', async () => {
    const lower = await system.start({
      PORTCULLIS_CONFIG: JSON.stringify({ ...CONFIG, number: 2 }),
    });
    const reason = (number: number) =>
      `its configuration has number ${number}, the database 3: start it with the present one`;
    expect(await readiness(lower)).toEqual([503, { ok: false, reason: reason(2) }]);
    const none = await system.start({ PORTCULLIS_CONFIG: '' });
    expect(await readiness(none)).toEqual([503, { ok: false, reason: reason(0) }]);
    expect(await readiness(first)).toEqual([200, { ok: true }]);
    expect(await install({ ...CONFIG, number: 1 })).toBe('lower');
  });

  it('with a higher number takes over, whatever starts at once, and those before are not ready', async () => {
    const started = await Promise.all([4, 4, 4, 5, 5].map((number) => system.start(next(number))));
    const ready = await Promise.all(started.map(async (one) => (await readiness(one))[0]));
    expect(ready).toEqual([503, 503, 503, 200, 200]);
    expect((await readiness(first))[0]).toBe(503);
    const [row] = await system.sql`select number from access_mapping`;
    expect(row).toEqual({ number: 5 });
    const installed = await system.sql`
      select target_id from audit_log
      where action = 'access.changed' and detail->>'outcome' = 'installed' order by sequence`;
    expect(installed.map((one) => one['target_id'])).toEqual(
      installed.length === 3 ? ['3', '4', '5'] : ['3', '5'],
    );
  });
});

describe('what goes with grants', () => {
  const SECRET = 'a secret that is long enough for a machine';
  const ask = async (instance: AuthInstance, access?: number, incarnation = newId('inc')) => {
    const body = {
      version: 1,
      service: 'shop',
      incarnation,
      nonce: crypto.randomUUID(),
      policy: 'reject',
      epoch: null,
      position: 0,
      applied: [],
      ...(access === undefined ? {} : { access }),
    };
    return await instance.call('POST', '/v1/grants', { body, headers: basic('cli_shop', SECRET) });
  };

  beforeAll(async () => {
    await changeOffline(system.bed.databaseUrls.auth, async (_, withChange) => {
      await ensureClient(withChange, {
        id: 'cli_shop' as ClientId,
        name: 'shop',
        scopes: ['revocations:read', 'orders:read'],
        audiences: ['urn:portcullis:auth'],
        secret: SECRET,
      });
    });
  });

  it('is the mapping that counts now, signed by a key that is published, at every instance at once', async () => {
    const { body: set } = await first.call('GET', '/.well-known/jwks.json');
    const keys = readKeySet(set);
    let number = 10;
    for (const instance of system.instances.slice(0, 3)) {
      number += 1;
      expect(await install({ ...CONFIG, number })).toBe('installed');
      const { body } = await ask(instance);
      expect(body.access.number).toBe(number);
      const jws = parseJws(body.access.document, 65_536);
      const key = keys.get(String(jws.header['kid']));
      expect(key !== undefined && jwsSignatureHolds(jws, key)).toBe(true);
      const { permissions, roles } = CONFIG;
      expect(jws.payload).toMatchObject({ iss: first.url, number, permissions, roles });
      expect(jws.header['typ']).toBe('portcullis-access+jwt');
    }
  });

  it('is signed by another key at every instance at once when its key is killed', async () => {
    const actor = await system.idOf(ADMIN.email);
    const signerOf = async (instance: AuthInstance) => {
      const { access } = (await ask(instance)).body;
      return parseJws(access.document, 65_536).header['kid'];
    };
    for (const instance of system.instances.slice(0, 3)) {
      const kid = await signerOf(instance);
      const killed = await instance.machine('keys.kill', { actor, kid, wait: 0 });
      expect(killed.status).toBe(200);
      const signers = await Promise.all(system.instances.map(signerOf));
      expect(signers).not.toContain(kid);
      expect(new Set(signers).size).toBe(1);
    }
  });

  it('is left out for those who enforce it, and what they enforce is noted, at most what they can', async () => {
    const { body } = await ask(first);
    const { number } = body.access;
    const incarnation = newId('inc');
    expect((await ask(first, number, incarnation)).body.access).toEqual({ number });
    expect((await ask(first, number - 1, incarnation)).body.access.document).toBeDefined();
    expect((await ask(first, undefined, incarnation)).body.access.document).toBeDefined();
    await ask(first, number, incarnation);
    expect((await ask(first, undefined, incarnation)).body.access).toEqual({ number });
    const [row] = await system.sql`select access from verifiers where incarnation = ${incarnation}`;
    expect(row).toEqual({ access: number });
    expect((await ask(first, -1)).status).toBe(400);
    expect((await ask(first, 2 ** 31)).status).toBe(400);
    expect((await ask(first, 2 ** 31 - 1)).status).toBe(200);
  });

  it('is no token, and no token is one', async () => {
    const { document } = (await ask(first)).body.access;
    expect(await first.accepts(document)).toBe(false);
  });
});

describe('a start', () => {
  const env = (overrides: Record<string, string>) => system.settings(4_000, overrides);
  const problemsOf = (overrides: Record<string, string>): readonly string[] => {
    try {
      const config = readAuthConfig(env(overrides));
      demandShortTokens(config, shortTokensOf(config, [FACTOR_CLAIMS]));
      return [];
    } catch (error) {
      return (error as { problems: readonly string[] }).problems;
    }
  };

  it('names all faults at once, each with the file and the key, beside those of other settings', async () => {
    const broken = { ...CONFIG, number: 0, extra: 1, roles: { admin: ['x'], clerk: [] } };
    const config = JSON.stringify(broken);
    const faults = [
      'extra: is no key of this file',
      'roles.admin: is a role of Portcullis, which is not redefined',
      'roles.admin[0]: is no permission that there is',
      'roles.clerk: carries no permission',
      'number: is 0, which is for a file that declares nothing',
    ];
    const problems = problemsOf({ PORTCULLIS_CONFIG: config, PORTCULLIS_MAX_SESSIONS: 'many' });
    expect(problems).toEqual([
      ...faults.map((fault) => `PORTCULLIS_CONFIG: ${fault}`),
      'PORTCULLIS_MAX_SESSIONS: is not a whole number',
    ]);
    const file = `${await mkdtemp(`${tmpdir()}/portcullis-`)}/portcullis.config.json`;
    await writeFile(file, config);
    expect(problemsOf({ PORTCULLIS_CONFIG: '', PORTCULLIS_CONFIG_FILE: file })).toEqual(
      faults.map((fault) => `${file}: ${fault}`),
    );
    expect(problemsOf({ PORTCULLIS_CONFIG: '{"number":' })).toEqual([
      'PORTCULLIS_CONFIG: is not JSON',
    ]);
  });

  it('refuses what could make a token longer than verifiers remember', () => {
    const many = (count: number) =>
      [
        'urn:portcullis:auth',
        ...Array.from({ length: count }, (_, n) => `urn:acme:service-${n}`),
      ].join(' ');
    for (const algorithm of ['ES256', 'EdDSA', 'RS256']) {
      const settings = { PORTCULLIS_SIGNING_ALGORITHM: algorithm };
      expect(problemsOf(settings), algorithm).toEqual([]);
      const [problem] = problemsOf({
        ...settings,
        PORTCULLIS_AUDIENCES: many(15).replaceAll('service', 'service'.repeat(8)),
      });
      expect(problem, algorithm).toMatch(
        /^PORTCULLIS_AUDIENCES: .* could have \d{4} characters, 2048 at most/,
      );
    }
  });

  it('gives no token longer than that, with 16 roles of 32', async () => {
    const instance = first;
    const user = await instance.newcomer();
    const roles = Array.from({ length: 16 }, (_, n) => `r${n}`.padEnd(32, 'x'));
    await system.sql`update users set roles = ${roles}, generation = 2147483646 where email_key = ${user.email}`;
    const { access_token: token } = await instance.logIn(user.email);
    expect(partOf(token, 1)['roles']).toHaveLength(16);
    const { issuer, services } = readAuthConfig(env({}));
    const { audiences } = services.always;
    const settings = { issuer, audiences, algorithm: 'ES256' as const };
    const longest = longestUserToken({ ...settings, logins: [{ amr: ['pwd'] }] });
    expect(token.length).toBeLessThanOrEqual(longest);
    expect(token.length).toBeGreaterThan(longest - 250);
    expect(longest).toBeLessThanOrEqual(2_048);
    expect(await instance.accepts(token)).toBe(true);
  });
});

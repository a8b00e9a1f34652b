/** Limits, with Redis there, slow and away. */
import { randomBytes } from 'node:crypto';
import { startPrivateRedis } from '@portcullis/testbed';
import { drizzle } from 'drizzle-orm/postgres-js';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ActiveAccount } from '../../src/users/account-by-id.ts';
import { checkPassword } from '../../src/login/check-password.ts';
import { createLimits } from '../../src/limits/limits.ts';
import { networkOf } from '../../src/limits/network.ts';
import * as schema from '../../src/database/schema/index.ts';
import { DpopClient } from '../oauth/dpop-client.ts';
import { PASSWORD, startAuthSystem, type AuthInstance, type AuthSystem } from '../auth-system.ts';

let system: AuthSystem;
let auth: AuthInstance;
let second: AuthInstance;

beforeAll(async () => {
  system = await startAuthSystem({
    instances: 2,
    overrides: { PORTCULLIS_RATE_LIMIT_SCALE: '1', PORTCULLIS_TRUSTED_PROXIES: '127.0.0.1' },
  });
  [auth, second] = system.instances as [AuthInstance, AuthInstance];
}, 120_000);

afterAll(async () => {
  await system.bed.dispose();
});

let network = 0;
/** Each test comes from a network of its own. */
const from = () => ({ 'x-forwarded-for': `192.0.2.${(network += 1)}` });

const attempt = (
  email: string,
  password: string,
  headers: Record<string, string>,
  on: AuthInstance = auth,
) => on.call('POST', '/v1/login', { body: { email, password }, headers });

/** Wrong passwords until the limit. */
async function exhaust(email: string, headers: Record<string, string>): Promise<number> {
  for (let tries = 0; tries < 40; tries += 1) {
    const { status, headers: answered } = await attempt(
      email,
      'not the right password',
      headers,
      tries % 2 ? auth : second,
    );
    if (status === 429) {
      expect(Number(answered.get('retry-after'))).toBeGreaterThan(0);
      return tries;
    }
    expect(status).toBe(401);
  }
  throw new Error('there is no limit');
}

async function keysInRedis(further = ''): Promise<string[]> {
  const redis = new Redis(system.bed.redisUrl);
  try {
    return await redis.keys(`${system.bed.prefix}${further}:limit:*`);
  } finally {
    redis.disconnect();
  }
}

/** Limits by themselves, on the same Redis. */
async function limitsAlone(scale: number) {
  const redis = new Redis(system.bed.redisUrl);
  await redis.ping();
  const limits = createLimits({
    redis,
    prefix: `${system.bed.prefix}-${scale}`,
    scale,
    degraded: (error) => expect.unreachable(String(error)),
    attacked: () => undefined,
  });
  return { limits, dispose: async () => void (await redis.quit()) };
}

describe('the limits', () => {
  it('slow down attempts at one account over all instances, and not its owner on a known network', async () => {
    const { email } = await auth.newcomer();
    const attacker = from();
    expect(await exhaust(email, attacker)).toBe(10);
    expect((await attempt(email, PASSWORD, attacker)).status).toBe(429);
    expect((await attempt(email, PASSWORD, from())).status).toBe(200);
  });

  it('treat unknown accounts alike', async () => {
    expect(await exhaust(`${randomBytes(8).toString('hex')}@example.test`, from())).toBe(10);
  });

  it('count spellings of one account together', async () => {
    const { email } = await auth.newcomer();
    const attacker = from();
    for (let i = 0; i < 10; i += 1) {
      await attempt(i % 2 ? email : ` ${email.toUpperCase()}`, 'not the right password', attacker);
    }
    expect((await attempt(email, PASSWORD, attacker)).status).toBe(429);
  });

  it('count only what went wrong', async () => {
    const { email } = await auth.newcomer();
    const owner = from();
    for (let i = 0; i < 30; i += 1) {
      expect((await attempt(email, PASSWORD, owner)).status).toBe(200);
    }
  });

  it('count no attempt that was only asked for a nonce', async () => {
    const { email } = await auth.newcomer();
    const headers = from();
    const body = { email, password: PASSWORD };
    for (let i = 0; i < 12; i += 1) {
      const client = await DpopClient.create();
      const asked = await client.send(auth, '/v1/login', { body, headers });
      expect(asked.body.code).toBe('use_dpop_nonce');
    }
    expect((await attempt(email, PASSWORD, headers)).status).toBe(200);
  });

  it('count no attempt whose password could not be checked', async () => {
    const { limits, dispose } = await limitsAlone(1);
    const { address, account } = { address: '198.51.100.7', account: 'a@example.test' };
    const away = new Error('the database is away');
    try {
      const password = { emailKey: account, passwordHash: 'x' } as ActiveAccount;
      const checked = (verify: () => Promise<boolean>) =>
        checkPassword(
          { database: drizzle(system.sql, { schema }), hasher: { verify }, limits },
          address,
          password,
          'a password',
        );
      for (let i = 0; i < 12; i += 1) {
        await expect(checked(() => Promise.reject(away))).rejects.toBe(away);
      }
      for (let i = 0; i < 30; i += 1) await limits.wrongPassword(account);
      for (let i = 0; i < 15; i += 1) {
        // The first three are let in without the question.
        if (i < 3) await limits.login(address, account, () => Promise.reject(away));
        else {
          const asked = limits.login(address, account, () => Promise.reject(away));
          await expect(asked).rejects.toBe(away);
        }
      }
      await limits.login(address, account, async () => true);
    } finally {
      await dispose();
    }
  });

  it('give back nothing that was not counted', async () => {
    // Ten attempts for a network, one for an account.
    const { limits, dispose } = await limitsAlone(0.05);
    const away = new Error('a part is away');
    const give = (account: string) =>
      limits
        .refundOnAbort('198.51.100.8', account, () => Promise.reject(away))
        .catch(() => undefined);
    const login = (account: string) =>
      limits.login('198.51.100.8', account, () => Promise.reject(away));
    try {
      for (let i = 0; i < 5; i += 1) await give('a@example.test');
      await login('a@example.test');
      await expect(login('a@example.test')).rejects.toMatchObject({ code: 'rate_limited' });
      // What was refused is counted for the network.
      for (let i = 0; i < 8; i += 1) await login(`${i}@example.test`);
      await expect(login('b@example.test')).rejects.toMatchObject({ code: 'rate_limited' });
    } finally {
      await dispose();
    }
  });

  it('leave nothing in Redis of attempts whose password could not be checked', async () => {
    const { limits, dispose } = await limitsAlone(1);
    const address = '198.51.100.9';
    try {
      await limits.login(address, 'a@example.test', async () => true);
      const before = (await keysInRedis('-1')).length;
      for (let i = 0; i < 20; i += 1) {
        const account = `${i}@example.test`;
        await limits.login(address, account, async () => true);
        const judging = limits.refundOnAbort(address, account, () =>
          Promise.reject(new Error('away')),
        );
        await expect(judging).rejects.toThrow('away');
      }
      expect(await keysInRedis('-1')).toHaveLength(before);
    } finally {
      await dispose();
    }
  });

  it('count the addresses of an IPv6 network together', async () => {
    const { email } = await auth.newcomer();
    let limited = false;
    for (let i = 0; i < 12 && !limited; i += 1) {
      const headers = { 'x-forwarded-for': `2001:db8:7:7::${(i + 1).toString(16)}` };
      limited = (await attempt(email, 'not the right password', headers)).status === 429;
    }
    expect(limited).toBe(true);
  });

  it('count nothing for accounts from a network that is over its own', async () => {
    // Ten attempts for a network.
    const strict = await system.start({
      PORTCULLIS_RATE_LIMIT_SCALE: '0.05',
      PORTCULLIS_TRUSTED_PROXIES: '127.0.0.1',
    });
    const headers = from();
    const attempts = async (count: number) => {
      const statuses = new Set<number>();
      for (let i = 0; i < count; i += 1) {
        const email = `${randomBytes(8).toString('hex')}@example.test`;
        statuses.add((await attempt(email, 'not the right password', headers, strict)).status);
      }
      return [...statuses];
    };
    expect(await attempts(10)).toEqual([401]);
    const before = (await keysInRedis()).length;
    expect(before).toBeGreaterThan(10);
    expect(await attempts(10)).toEqual([429]);
    expect(await keysInRedis()).toHaveLength(before);
  });

  it('put no address into Redis', async () => {
    const { email } = await auth.newcomer();
    await attempt(email, 'not the right password', from());
    const keys = await keysInRedis();
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) expect(key).not.toContain(email.split('@')[0]);
  });
});

/** Wrong passwords for one account, each from another network, until none gets a look at it. */
async function attackFromMany(email: string, networks: number, each: number): Promise<number> {
  let looked = 0;
  for (let i = 0; i < networks; i += 1) {
    const headers = from();
    for (let tries = 0; tries < each; tries += 1) {
      const { status } = await attempt(email, 'not the right password', headers);
      if (status === 401) looked += 1;
      else break;
    }
  }
  return looked;
}

describe('an attack on one account from many addresses', () => {
  it('is slowed, while its owner logs in at home and from a new place', async () => {
    const noted = () => system.sql`select 1 from audit_log where action = 'login.attack-detected'`;
    const before = (await noted()).length;
    const email = `${randomBytes(8).toString('hex')}@example.test`;
    expect((await auth.register(email)).status).toBe(201);
    const home = from();
    expect((await attempt(email, PASSWORD, home)).status).toBe(200);
    // Three networks are let try ten times each; those that follow three times.
    expect(await attackFromMany(email, 3, 12)).toBe(30);
    expect(await attackFromMany(email, 3, 12)).toBe(9);
    expect((await attempt(email, PASSWORD, from())).status).toBe(200);
    // The owner may even mistype, as often as ever.
    for (let i = 0; i < 5; i += 1) {
      expect((await attempt(email, 'not the right password', home)).status).toBe(401);
    }
    expect((await attempt(email, PASSWORD, home)).status).toBe(200);
    // Where the last session has run out, its network is not known any more.
    await system.sql`
      update sessions set idle_expires_at = now() - interval '1 second'
      where user_id = ${await system.idOf(email)}`;
    const statuses = [];
    for (let i = 0; i < 4; i += 1) {
      statuses.push((await attempt(email, 'not the right password', home)).status);
    }
    expect(statuses).toEqual([401, 401, 401, 429]);
    const metrics = await (await fetch(`${auth.url}/metrics`)).text();
    expect(metrics).toMatch(/portcullis_auth_attacks_total\{[^}]*kind="account"[^}]*\} 1/);
    await expect.poll(async () => (await noted()).length).toBe(before + 1);
  });
});

describe('a batch', () => {
  it('is counted call by call', async () => {
    const { email } = await auth.newcomer();
    const calls = Object.fromEntries(
      Array.from({ length: 20 }, (_, i) => [i, { email, password: 'not the right password' }]),
    );
    const path = `/trpc/${Array.from({ length: 20 }, () => 'login').join(',')}?batch=1`;
    const { body } = await auth.call('POST', path, { body: calls, headers: from() });
    const codes = body.map((one: any) => one.error.data.portcullis.code);
    const count = (code: string) => codes.filter((one: string) => one === code).length;
    expect([count('invalid_credentials'), count('rate_limited')]).toEqual([10, 10]);
  });
});

describe('with Redis', () => {
  const FAULTS: [string, () => unknown, () => unknown][] = [
    ['away', () => system.bed.proxies.redis.cut(), () => system.bed.proxies.redis.mend()],
    [
      'slow by 2 s',
      () => system.bed.proxies.redis.delay(2_000),
      () => system.bed.proxies.redis.delay(0),
    ],
    ['silent', () => system.bed.proxies.redis.pause(), () => system.bed.proxies.redis.resume()],
  ];
  it.each(FAULTS)(
    '%s, limits hold, more strictly; log in and log out work',
    async (_, begin, end) => {
      const { email } = await auth.newcomer();
      await begin();
      try {
        await holdsAlone(email, [auth, second]);
      } finally {
        await end();
      }
    },
  );

  it('full, the same', async () => {
    await using redis = await startPrivateRedis();
    const full = await system.start({ REDIS_URL: redis.url });
    system.instances.pop();
    const { email } = await full.newcomer();
    await redis.fill();
    await holdsAlone(email, [full]);
    const metrics = await (await fetch(`${full.url}/metrics`)).text();
    expect(metrics).toMatch(/portcullis_auth_limiter_degraded_total\S* [1-9]/);
  });

  it('read-only, the same', async () => {
    await using redis = await startPrivateRedis();
    const deposed = await system.start({ REDIS_URL: redis.url });
    system.instances.pop();
    const { email } = await deposed.newcomer();
    const operator = new Redis(redis.url);
    await operator.call('REPLICAOF', '127.0.0.1', '1');
    operator.disconnect();
    await holdsAlone(email, [deposed]);
  });

  /** Each instance counts by itself: five wrong passwords, for which two have ten. */
  async function holdsAlone(email: string, instances: readonly AuthInstance[]): Promise<void> {
    const [one = auth] = instances;
    const login = await attempt(email, PASSWORD, from(), one);
    expect(login.status).toBe(200);
    const logout = await one.call('POST', '/v1/logout', { token: login.body.access_token });
    expect(logout.status).toBe(200);
    const attacker = from();
    let looked = 0;
    for (let tries = 0; tries < 30; tries += 1) {
      const on = instances[tries % instances.length];
      const { status } = await attempt(email, 'not the right password', attacker, on);
      expect([401, 429]).toContain(status);
      if (status === 401) looked += 1;
    }
    expect(looked).toBeGreaterThanOrEqual(5);
    expect(looked).toBeLessThanOrEqual(10);
    expect((await one.call('GET', '/readyz')).status).toBe(200);
  }
});

describe('without NATS', () => {
  it('logging out works, and says that it was not published', async () => {
    const user = await auth.newcomer();
    system.bed.proxies.nats.cut();
    try {
      const { status, body } = await auth.call('POST', '/v1/logout?wait=100', {
        token: user.access_token,
      });
      expect(status).toBe(200);
      expect(body.published).toBe(false);
      expect(await second.accepts(user.access_token)).toBe(false);
    } finally {
      system.bed.proxies.nats.mend();
    }
  });
});

describe('a network', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::ffff:c000:207', '192.0.2.7'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:DB8:0:0:1:2:3:4', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['not an address', 'unknown'],
  ])('of %s is %s', (address, expected) => {
    expect(networkOf(address)).toBe(expected);
  });
});

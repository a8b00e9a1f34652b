/** Limits, with Redis there, slow and away. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { networkOf } from '../../src/login/network.ts';
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

describe('the limits', () => {
  it('slow down whoever hammers one account, over all instances, and not its owner elsewhere', async () => {
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

  it('count the addresses of an IPv6 network together', async () => {
    const { email } = await auth.newcomer();
    let limited = false;
    for (let i = 0; i < 12 && !limited; i += 1) {
      const headers = { 'x-forwarded-for': `2001:db8:7:7::${(i + 1).toString(16)}` };
      limited = (await attempt(email, 'not the right password', headers)).status === 429;
    }
    expect(limited).toBe(true);
  });

  it('put no address into Redis', async () => {
    const { email } = await auth.newcomer();
    await attempt(email, 'not the right password', from());
    const { Redis } = await import('ioredis');
    const redis = new Redis(system.bed.redisUrl);
    const keys = await redis.keys(`${system.bed.prefix}*`);
    redis.disconnect();
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) expect(key).not.toContain(email.split('@')[0]);
  });
});

describe('without Redis', () => {
  it('the limits hold, more strictly; log in and log out work', async () => {
    const { email } = await auth.newcomer();
    system.bed.proxies.redis.cut();
    try {
      const owner = from();
      const login = await attempt(email, PASSWORD, owner);
      expect(login.status).toBe(200);
      const { status } = await auth.call('POST', '/v1/logout', { token: login.body.access_token });
      expect(status).toBe(200);
      const tries = await exhaust(email, from());
      expect(tries).toBeGreaterThanOrEqual(5);
      expect(tries).toBeLessThanOrEqual(10); // two instances, five each
      expect((await auth.call('GET', '/readyz')).status).toBe(200);
    } finally {
      system.bed.proxies.redis.mend();
    }
  });

  it('that does not answer, nobody waits for it', async () => {
    const { email } = await auth.newcomer();
    system.bed.proxies.redis.pause();
    try {
      const started = performance.now();
      expect((await attempt(email, PASSWORD, from())).status).toBe(200);
      expect(performance.now() - started).toBeLessThan(2_000);
    } finally {
      system.bed.proxies.redis.resume();
    }
  });
});

describe('without NATS', () => {
  it('logging out works, and says that it was not published', async () => {
    const person = await auth.newcomer();
    system.bed.proxies.nats.cut();
    try {
      const { status, body } = await auth.call('POST', '/v1/logout?wait=100', {
        token: person.access_token,
      });
      expect(status).toBe(200);
      expect(body.published).toBe(false);
      expect(await second.accepts(person.access_token)).toBe(false);
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

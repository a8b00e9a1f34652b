/** Signing keys: sealed, shared by the instances, rotated, killed. */
import { createHash, randomBytes } from 'node:crypto';
import { ConfigurationError } from '@portcullis/service';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSeal, SealError } from '../../src/keys/seal.ts';
import { PUBLISHED_AHEAD_SECONDS } from '../../src/keys/succession.ts';
import {
  ADMIN,
  partOf,
  startAuthSystem,
  type AuthInstance,
  type AuthSystem,
} from '../auth-system.ts';

let system: AuthSystem;
let first: AuthInstance;
let second: AuthInstance;
let actor: string;

beforeAll(async () => {
  system = await startAuthSystem({ instances: 0 });
  [first, second] = await Promise.all([system.start(), system.start()]);
  actor = await system.idOf(ADMIN.email);
}, 120_000);

afterAll(async () => {
  await system.bed.dispose();
});

const kidOf = (token: string): string => partOf(token, 0)['kid'];

/** Lets that much time pass for the keys. */
async function pass(seconds: number): Promise<void> {
  await system.sql`
    update signing_keys set active_from = active_from - make_interval(secs => ${seconds}),
      retired_at = retired_at - make_interval(secs => ${seconds})`;
}

/** The keys that sign now or later; each has to begin where the one before it ends. */
async function chain() {
  const rows = await system.sql`
    select kid, active_from::text as begins, retired_at::text as ends from signing_keys
    where killed_at is null and (retired_at is null or retired_at > clock_timestamp())
    order by active_from`;
  for (const [place, { ends }] of rows.entries()) {
    expect(ends).toBe(rows[place + 1]?.['begins'] ?? null);
  }
  return [...rows];
}

async function published(instance: AuthInstance): Promise<string[]> {
  const { body } = await instance.call('GET', '/.well-known/jwks.json');
  return body.keys.map(({ kid }: { kid: string }) => kid);
}

describe('the seal', () => {
  const key = randomBytes(32);
  const secret = Buffer.from('a private key');

  it('opens what it closed, under the same name and key only', () => {
    const envelope = createSeal(key).close('key_a', secret);
    expect(createSeal(key).open('key_a', envelope)).toEqual(secret);
    expect(() => createSeal(key).open('key_b', envelope)).toThrow(SealError);
    expect(() => createSeal(randomBytes(32)).open('key_a', envelope)).toThrow(SealError);
    expect(envelope.includes(secret)).toBe(false);
  });

  it('notices every changed byte, and every cut', () => {
    const envelope = createSeal(key).close('key_a', secret);
    for (let at = 0; at < envelope.length; at += 1) {
      const changed = Buffer.from(envelope);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      expect(() => createSeal(key).open('key_a', changed)).toThrow(SealError);
      expect(() => createSeal(key).open('key_a', envelope.subarray(0, at))).toThrow(SealError);
    }
  });

  it('opens what either of two keys has closed, and closes with the first', () => {
    const other = randomBytes(32);
    const before = createSeal(key).close('key_a', secret);
    const meanwhile = createSeal(other, key);
    expect(meanwhile.open('key_a', before)).toEqual(secret);
    expect(meanwhile.isCurrent(before)).toBe(false);
    const after = meanwhile.close('key_a', secret);
    expect(meanwhile.isCurrent(after)).toBe(true);
    expect(createSeal(key, other).open('key_a', after)).toEqual(secret);
    expect(createSeal(other).open('key_a', after)).toEqual(secret);
    expect(() => createSeal(key).open('key_a', after)).toThrow(SealError);
  });

  it('never makes the same envelope twice', () => {
    const seal = createSeal(key);
    expect(seal.close('a', secret).equals(seal.close('a', secret))).toBe(false);
  });
});

describe('signing keys', () => {
  it('are made once when two instances start at once, and so is the administrator', async () => {
    const keys = await system.sql`select kid from signing_keys`;
    expect(keys).toHaveLength(1);
    const administrators = await system.sql`select 1 from users where 'admin' = any(roles)`;
    expect(administrators).toHaveLength(1);
    expect(await published(first)).toEqual(await published(second));
  });

  it('keep the service from starting under another key-encryption key, which is named', async () => {
    const other = createHash('sha256').update('another').digest('base64url');
    const starting = system.start({ PORTCULLIS_KEY_ENCRYPTION_KEY: other });
    await expect(starting).rejects.toThrow(ConfigurationError);
    await expect(starting).rejects.toThrow(/PORTCULLIS_KEY_ENCRYPTION_KEY/);
    await expect(starting).rejects.not.toThrow(other);
  });

  it('are published without the private half', async () => {
    const { body, headers } = await first.call('GET', '/.well-known/jwks.json');
    expect(headers.get('cache-control')).toBe('public, max-age=5');
    for (const key of body.keys) {
      expect(Object.keys(key).toSorted()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    }
    const rows = await system.sql`select k::text as row from signing_keys k`;
    expect(JSON.stringify(rows)).not.toMatch(/BEGIN|"d"/);
  });

  it('are published before they sign; older tokens live out their time', async () => {
    const before = await first.newcomer();
    const old = kidOf(before.access_token);
    const { body, status } = await first.machine('keys.rotate', { actor });
    expect(status).toBe(200);
    for (const instance of [first, second]) {
      expect(await published(instance)).toEqual([body.kid, old]);
      expect(kidOf((await instance.newcomer()).access_token)).toBe(old);
    }
    await pass(PUBLISHED_AHEAD_SECONDS / 2);
    expect(kidOf((await first.newcomer()).access_token)).toBe(old);
    await pass(PUBLISHED_AHEAD_SECONDS / 2);
    // The other instance has not read the keys since, and signs with the new one all the same.
    const after = await second.newcomer();
    expect(kidOf(after.access_token)).toBe(body.kid);
    for (const instance of [first, second]) {
      expect(await published(instance)).toEqual([body.kid, old]);
      expect(await instance.accepts(before.access_token)).toBe(true);
      expect(await instance.accepts(after.access_token)).toBe(true);
    }
  });

  it('follow each other without a gap when two are rotated in a row', async () => {
    const one = (await first.machine('keys.rotate', { actor })).body.kid;
    await pass(3);
    const two = (await second.machine('keys.rotate', { actor })).body.kid;
    expect(await chain()).toMatchObject([{}, { kid: one }, { kid: two, ends: null }]);
    await pass(PUBLISHED_AHEAD_SECONDS - 3);
    expect(kidOf((await first.newcomer()).access_token)).toBe(one);
    await pass(3);
    expect(kidOf((await first.newcomer()).access_token)).toBe(two);
  });

  it('killed signing keys leave no gap: the next one signs at once', async () => {
    const current = kidOf((await first.newcomer()).access_token);
    const pending = (await first.machine('keys.rotate', { actor })).body.kid;
    const last = (await first.machine('keys.rotate', { actor })).body.kid;
    await first.machine('keys.kill', { actor, kid: current, wait: 0 });
    expect(kidOf((await second.newcomer()).access_token)).toBe(pending);
    await first.machine('keys.kill', { actor, kid: last, wait: 0 });
    await pass(2 * PUBLISHED_AHEAD_SECONDS);
    expect(kidOf((await second.newcomer()).access_token)).toBe(pending);
    expect(await chain()).toMatchObject([{ kid: pending, ends: null }]);
  });

  it('are killed with everything that they have signed, on all instances', async () => {
    const user = await second.newcomer();
    const kid = kidOf(user.access_token);
    const killed = await first.machine('keys.kill', { actor, kid });
    expect(killed.body.revoked).toEqual({ kind: 'key', id: kid });
    for (const instance of [first, second]) {
      expect(await instance.accepts(user.access_token)).toBe(false);
      expect(await published(instance)).not.toContain(kid);
      const { status } = await instance.call('POST', '/v1/logout', { token: user.access_token });
      expect(status).toBe(401);
    }
    const { body } = await second.refresh(user.refresh_token);
    expect(kidOf(body.access_token)).not.toBe(kid);
    expect(await first.accepts(body.access_token)).toBe(true);
    const again = await second.machine('keys.kill', { actor, kid });
    expect(again.body.committed_at).toBe(killed.body.committed_at);
    const [entry] = await system.sql`select expires_at from revocation_log where key = ${kid}`;
    expect(entry?.['expires_at']).toBeNull();
  });

  it('that do not exist cannot be killed', async () => {
    const kid = 'key_00000000000000000000000000';
    const { status, body } = await first.machine('keys.kill', { actor, kid });
    expect([status, body.code]).toEqual([404, 'not_found']);
    expect(await system.sql`select 1 from audit_log where target_id = ${kid}`).toHaveLength(0);
  });
});

describe('the schedule', () => {
  const DAY_S = 24 * 3_600;
  const kids = async () =>
    (await system.sql`select kid from signing_keys order by active_from`).map(({ kid }) => kid);

  it('rotates a key that has signed for long enough, once, though two instances start', async () => {
    const before = await kids();
    await pass(29 * DAY_S);
    await (await system.start())[Symbol.asyncDispose]();
    expect(await kids()).toEqual(before);
    await pass(2 * DAY_S);
    const started = await Promise.all([system.start(), system.start()]);
    const after = await kids();
    expect(after.slice(0, -1)).toEqual(before);
    expect(await chain()).toMatchObject([
      { kid: before.at(-1) },
      { kid: after.at(-1), ends: null },
    ]);
    const audited = await system.sql`
      select actor_id from audit_log where action = 'key.rotated' and target_id = ${after.at(-1)}`;
    expect(audited).toEqual([{ actor_id: 'key-schedule' }]);
    await pass(PUBLISHED_AHEAD_SECONDS);
    expect(kidOf((await first.newcomer()).access_token)).toBe(after.at(-1));
    for (const instance of started) await instance[Symbol.asyncDispose]();
  });

  it.each([
    ['EdDSA', ['alg', 'crv', 'kid', 'kty', 'use', 'x']],
    ['RS256', ['alg', 'e', 'kid', 'kty', 'n', 'use']],
    ['ES256', ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']],
  ])(
    'goes over to %s when that is configured, and every instance with it',
    async (alg, members) => {
      const before = await first.newcomer();
      const third = await system.start({ PORTCULLIS_SIGNING_ALGORITHM: alg });
      await pass(PUBLISHED_AHEAD_SECONDS);
      const after = await second.newcomer();
      expect(partOf(after.access_token, 0)['alg']).toBe(alg);
      const { body } = await first.call('GET', '/.well-known/jwks.json');
      const [newest] = body.keys;
      expect(newest).toMatchObject({ alg, kid: kidOf(after.access_token) });
      expect(Object.keys(newest).toSorted()).toEqual(members);
      for (const instance of [first, second, third]) {
        expect(await instance.accepts(before.access_token)).toBe(true);
        expect(await instance.accepts(after.access_token)).toBe(true);
      }
      const count = (await kids()).length;
      await (await system.start({ PORTCULLIS_SIGNING_ALGORITHM: alg }))[Symbol.asyncDispose]();
      expect(await kids()).toHaveLength(count);
      await third[Symbol.asyncDispose]();
    },
  );
});

// The last: the instances above have only the key that is given up here.
describe('another key-encryption key', () => {
  const next = randomBytes(32).toString('base64url');

  it('takes the place of the one before while instances serve', async () => {
    const present = createHash('sha256').update(system.bed.prefix).digest('base64url');
    const both = await system.start({ PORTCULLIS_KEY_ENCRYPTION_KEY_OTHER: next });
    const user = await both.newcomer();
    const moved = await system.start({
      PORTCULLIS_KEY_ENCRYPTION_KEY: next,
      PORTCULLIS_KEY_ENCRYPTION_KEY_OTHER: present,
    });
    // A key that the one makes can be used by the other.
    await moved.machine('keys.rotate', { actor });
    await pass(PUBLISHED_AHEAD_SECONDS);
    const seen = await both.refresh(user.refresh_token);
    expect(seen.status).toBe(200);
    expect(kidOf(seen.body.access_token)).not.toBe(kidOf(user.access_token));
    expect(await moved.accepts(user.access_token)).toBe(true);
    expect(await moved.accepts(seen.body.access_token)).toBe(true);

    const alone = await system.start({ PORTCULLIS_KEY_ENCRYPTION_KEY: next });
    const { status, body } = await alone.refresh(seen.body.refresh_token);
    expect(status).toBe(200);
    expect(await both.accepts(body.access_token)).toBe(true);
    await expect(system.start()).rejects.toThrow(/PORTCULLIS_KEY_ENCRYPTION_KEY does not open/);
    for (const instance of [both, moved, alone]) await instance[Symbol.asyncDispose]();
  });
});

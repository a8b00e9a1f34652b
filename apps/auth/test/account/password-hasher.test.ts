import { Refusal } from '@portcullis/contracts';
import { hash } from '@node-rs/argon2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { argon2Parameters, DEFAULT_ARGON2 } from '../../src/account/argon2-parameters.ts';
import { createPasswordHasher, type PasswordHasher } from '../../src/account/password-hasher.ts';

let hasher: PasswordHasher;

beforeAll(async () => {
  hasher = await createPasswordHasher(argon2Parameters.parse('m=19456,t=2,p=1'));
});

afterAll(async () => {
  await hasher[Symbol.asyncDispose]();
});

describe('the hasher', () => {
  it('makes argon2id with the parameters that it is told, and by default with those of RFC 9106', async () => {
    await using today = await createPasswordHasher(DEFAULT_ARGON2);
    const strong = await today.hash('correct horse battery staple');
    expect(strong).toMatch(/^\$argon2id\$v=19\$m=65536,t=3,p=1\$/);
    expect(today.outdated(strong)).toBe(false);
    expect(hasher.outdated(strong)).toBe(true);
    expect(await hasher.verify(strong, 'correct horse battery staple')).toBe(true);
    const made = await hasher.hash('correct horse battery staple');
    expect(made).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(today.outdated(made)).toBe(true);
    expect(await hasher.verify(made, 'correct horse battery staple')).toBe(true);
    expect(await hasher.verify(made, 'correct horse battery stable')).toBe(false);
    expect(hasher.outdated(made)).toBe(false);
  });

  it.each([
    ['m=19456,t=2,p=1', true],
    ['m=47104,t=1,p=1', true],
    ['m=7168,t=5,p=1', true],
    ['m=1048576,t=32,p=16', true],
    ['m=19455,t=2,p=1', false],
    ['m=19456,t=1,p=1', false],
    ['m=65536,t=3,p=0', false],
    ['m=2000000,t=3,p=1', false],
    ['m=65536,t=99,p=1', false],
    ['t=3,m=65536,p=1', false],
    ['m=65536', false],
    ['', false],
  ])('may be told %s: %s', (text, allowed) => {
    expect(argon2Parameters.safeParse(text).success).toBe(allowed);
  });

  it('knows hashes of other parameters', async () => {
    const weak = await hash('correct horse battery staple', { memoryCost: 8_192 });
    expect(await hasher.verify(weak, 'correct horse battery staple')).toBe(true);
    expect(hasher.outdated(weak)).toBe(true);
  });

  it('never takes a password for an account that has none', async () => {
    expect(await hasher.verify(null, '')).toBe(false);
  });

  it('refuses what is over its bound at once, and is idle afterwards', async () => {
    const settled = await Promise.allSettled(
      Array.from({ length: 200 }, () => hasher.verify(null, 'whatever')),
    );
    const refused = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    expect(refused.length).toBeGreaterThan(50);
    for (const reason of refused) {
      expect(reason).toBeInstanceOf(Refusal);
      expect(reason).toMatchObject({ code: 'overloaded', retryAfter: 2 });
    }
    expect(hasher.load).toEqual({ running: 0, waiting: 0 });
    expect(await hasher.verify(null, 'whatever')).toBe(false);
  });
});

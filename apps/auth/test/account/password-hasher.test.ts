import { Refusal } from '@portcullis/contracts';
import { hash } from '@node-rs/argon2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPasswordHasher, type PasswordHasher } from '../../src/account/password-hasher.ts';

let hasher: PasswordHasher;

beforeAll(async () => {
  hasher = await createPasswordHasher();
});

afterAll(async () => {
  await hasher[Symbol.asyncDispose]();
});

describe('the hasher', () => {
  it('makes argon2id at or above the OWASP parameters', async () => {
    const made = await hasher.hash('correct horse battery staple');
    expect(made).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(await hasher.verify(made, 'correct horse battery staple')).toBe(true);
    expect(await hasher.verify(made, 'correct horse battery stable')).toBe(false);
    expect(hasher.outdated(made)).toBe(false);
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

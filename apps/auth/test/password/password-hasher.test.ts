import { Refusal } from '@portcullis/contracts';
import { hash } from '@node-rs/argon2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { argon2Parameters, DEFAULT_ARGON2 } from '../../src/password/argon2-parameters.ts';
import { createPasswordHasher, type PasswordHasher } from '../../src/password/password-hasher.ts';

/** Of few passes, for tests that are about something else. */
const LEAST = argon2Parameters.parse('m=19456,t=2,p=1');

let hasher: PasswordHasher;

beforeAll(async () => {
  hasher = createPasswordHasher(LEAST);
});

afterAll(async () => {
  await hasher[Symbol.asyncDispose]();
});

describe('the hasher', () => {
  it('hashes by argon2id with the memory and passes of RFC 9106 by default', async () => {
    await using unless = createPasswordHasher(DEFAULT_ARGON2);
    const made = await unless.hash('correct horse battery staple');
    expect(made).toMatch(/^\$argon2id\$v=19\$m=65536,t=3,p=1\$[^$]{22}\$[^$]{43}$/);
    expect(await unless.verify(made, 'correct horse battery staple')).toBe(true);
    expect(await unless.verify(made, 'correct horse battery stable')).toBe(false);
    expect(unless.outdated(made)).toBe(false);
  });

  it('knows hashes of other parameters', async () => {
    const weak = await hash('correct horse battery staple', { memoryCost: 8_192 });
    expect(await hasher.verify(weak, 'correct horse battery staple')).toBe(true);
    expect(hasher.outdated(weak)).toBe(true);
  });

  it('checks hashes of either parameters, and calls those of the others outdated', async () => {
    await using other = createPasswordHasher(argon2Parameters.parse('m=12288,t=3,p=1'));
    const [ours, theirs] = [await hasher.hash('a password'), await other.hash('a password')];
    expect(
      await Promise.all([hasher.verify(theirs, 'a password'), other.verify(ours, 'a password')]),
    ).toEqual([true, true]);
    expect([hasher.outdated(ours), hasher.outdated(theirs)]).toEqual([false, true]);
    expect([other.outdated(ours), other.outdated(theirs)]).toEqual([true, false]);
  });

  it('never takes a password for an account that has none', async () => {
    expect(await hasher.verify(null, '')).toBe(false);
  });

  it('gives each of those whose turn comes together an answer of their own', async () => {
    const stored = await Promise.all(
      Array.from({ length: 12 }, (_, i) => hasher.hash(`the password of ${i}`)),
    );
    const asked = Array.from({ length: 60 }, (_, i) => {
      const [of, own] = [i % 12, i % 5 !== 0];
      const password = `the password of ${own ? of : (of + 1) % 12}`;
      return { own, answer: hasher.verify(stored[of] ?? null, password) };
    });
    const broken = expect(hasher.verify('$argon2id$v=19$', 'whatever')).rejects.toThrow('Decoding');
    expect(hasher.load.running + hasher.load.waiting).toBe(61);
    expect(await Promise.all(asked.map(({ answer }) => answer))).toEqual(
      asked.map(({ own }) => own),
    );
    await broken;
    expect(hasher.load).toEqual({ running: 0, waiting: 0 });
  });

  it('answers every waiting call when the hasher is closed', async () => {
    const ended = createPasswordHasher(LEAST);
    const asked = Promise.allSettled(
      Array.from({ length: 40 }, () => ended.verify(null, 'whatever')),
    );
    await ended[Symbol.asyncDispose]();
    expect((await asked).filter(({ status }) => status === 'fulfilled')).toEqual([]);
    expect(ended.load).toEqual({ running: 0, waiting: 0 });
  });

  it('refuses what is over its bound at once, and is idle afterwards', async () => {
    const settled = await Promise.allSettled(
      Array.from({ length: 200 }, () => hasher.verify(null, 'whatever')),
    );
    const refused = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    expect(refused.length).toBeGreaterThan(50);
    const times = new Set<number>();
    for (const reason of refused) {
      expect(reason).toBeInstanceOf(Refusal);
      expect(reason).toMatchObject({ code: 'overloaded' });
      times.add(reason.retryAfter);
    }
    // Not all of them are to come back at once.
    expect([...times].toSorted((a, b) => a - b)).toEqual([4, 5, 6, 7, 8, 9, 10]);
    expect(hasher.load).toEqual({ running: 0, waiting: 0 });
    expect(await hasher.verify(null, 'whatever')).toBe(false);
  });
});

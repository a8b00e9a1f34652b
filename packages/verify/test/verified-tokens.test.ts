/** What is remembered of tokens: found by all of its characters, bounded, and never a reason to accept. */
import { newId, Refusal } from '@portcullis/contracts';
import { userClaims } from '@portcullis/contracts/schemas';
import { createTestIssuer, seededRandom } from '@portcullis/testkit';
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createVerifier, systemClock, type Verifier } from '../src/index.ts';
import { VerifiedTokens, type VerifiedToken } from '../src/token/verified-tokens.ts';

const SEED = 42;
const key = {
  kid: 'key',
  alg: 'ES256' as const,
  key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey,
};
const claims = userClaims.parse({
  iss: 'i',
  aud: 'a',
  iat: 1,
  exp: 1e3,
  jti: newId('tok'),
  gen: 0,
  cgen: 0,
  igen: 0,
  sub: newId('usr'),
  sid: newId('ses'),
  client_id: 'cli_a',
  roles: [],
  auth_time: 1,
  amr: ['x'],
});

function entry(token: string, exp = 1_000): VerifiedToken {
  return { token, claims: { ...claims, exp }, key, judgedAt: -1 };
}

/** Milliseconds at which all of them live. */
const EARLY = 500_000;

describe('the table of verified tokens', () => {
  it('tells apart thousands with one and the same index', () => {
    const table = new VerifiedTokens(10_000, SEED);
    const all = Array.from({ length: 500 }, (_, i) => entry(`${i}.payload.the-same-signature`));
    for (const one of all) {
      expect(table.find(one.token)).toBeUndefined();
      table.add(one, EARLY);
    }
    for (const one of all) expect(table.find(one.token)).toBe(one);
    expect(table.find('500.payload.the-same-signature')).toBeUndefined();
    expect(table.find('payload.the-same-signature')).toBeUndefined();
    expect(table.find('0.payload.the-same-signaturE')).toBeUndefined();
    for (const one of all.slice(0, 250)) table.remove(one.token);
    for (const [at, one] of all.entries())
      expect(table.find(one.token)).toBe(at < 250 ? undefined : one);
    expect(table.size).toBe(250);
  });

  it('does as a Map does, over 50,000 random operations', () => {
    const random = seededRandom(SEED);
    const table = new VerifiedTokens(2_000, SEED);
    const map = new Map<string, VerifiedToken>();
    for (let step = 0; step < 50_000; step += 1) {
      // Few signatures, so that many share an index.
      const token = `${Math.floor(random() * 900)}.x.${Math.floor(random() * 40)}-signature`;
      expect(table.find(token)).toBe(map.get(token));
      if (map.has(token)) {
        if (random() < 0.5) {
          table.remove(token);
          map.delete(token);
        }
      } else if (map.size < 1_990) {
        const one = entry(token);
        table.add(one, EARLY);
        map.set(token, one);
      }
      expect(table.size).toBe(map.size);
    }
    expect(map.size).toBeGreaterThan(500);
    for (const [token, one] of map) expect(table.find(token)).toBe(one);
  });

  it.each([1, 7, 100, 5_000])('never holds more than its bound of %i', (max) => {
    const random = seededRandom(SEED);
    const table = new VerifiedTokens(max, SEED);
    for (let i = 0; i < 3 * max + 500; i += 1) {
      const one = entry(`a.${i}.${random()}`, 600 + Math.floor(random() * 400));
      table.add(one, EARLY);
      expect(table.size).toBeLessThanOrEqual(max);
      expect(table.find(one.token)).toBe(one);
    }
    expect(table.size).toBe(max);
  });

  it('lets go of those that have expired first, without being asked for room', () => {
    const random = seededRandom(SEED);
    const table = new VerifiedTokens(1_000, SEED);
    const living = Array.from({ length: 300 }, (_, i) => entry(`a.${i}.${random()}`, 5_000));
    for (let i = 0; i < 600; i += 1) table.add(entry(`b.${i}.${random()}`, 600), EARLY);
    for (const one of living) table.add(one, EARLY);
    // From here on the first are over; those that come take their places, and no others.
    for (let i = 0; i < 600; i += 1) {
      const one = entry(`c.${i}.${random()}`, 5_000);
      table.add(one, 900_000);
      living.push(one);
    }
    for (const one of living) expect(table.find(one.token)).toBe(one);
    expect(table.size).toBeLessThanOrEqual(1_000);
  });

  it('keeps nothing when it may not, and nothing that is long', () => {
    const none = new VerifiedTokens(0, SEED);
    none.add(entry('a.b.signature'), EARLY);
    expect(none.size).toBe(0);
    expect(none.find('a.b.signature')).toBeUndefined();
    const some = new VerifiedTokens(10, SEED);
    some.add(entry(`a.${'b'.repeat(2_048)}.signature`), EARLY);
    expect(some.size).toBe(0);
    expect(some.find('')).toBeUndefined();
  });
});

async function codeOf(verifier: Verifier, token: string): Promise<unknown> {
  try {
    await verifier.verify(token);
    return 'accepted';
  } catch (error) {
    return error instanceof Refusal ? error.code : error;
  }
}

async function surroundings() {
  const issuer = await createTestIssuer();
  issuer.revocations.maxStalenessMs = 300_000;
  const later = { ms: 0 };
  const verifier = await createVerifier({
    issuer: issuer.issuer,
    audience: issuer.audience,
    service: 'test',
    feed: issuer.revocations.feed(),
    clock: {
      monotonic: () => systemClock.monotonic() + later.ms,
      wall: () => systemClock.wall() + later.ms,
      after: systemClock.after,
    },
  });
  await verifier.ready();
  const end = async () => {
    await verifier[Symbol.asyncDispose]();
    await issuer[Symbol.asyncDispose]();
  };
  return { issuer, verifier, later, [Symbol.asyncDispose]: end };
}

describe('a verifier that remembers', () => {
  it('refuses a token from the moment on at which it expires', async () => {
    await using around = await surroundings();
    const { issuer, verifier, later } = around;
    const now = Math.floor(Date.now() / 1_000);
    const token = await issuer.mint({ iat: now, exp: now + 60 });
    const other = await issuer.mint({ iat: now, exp: now + 200 });
    for (const one of [token, other]) expect(await codeOf(verifier, one)).toBe('accepted');
    expect(verifier.stats().cached).toBe(2);
    later.ms = 50_000;
    expect(await codeOf(verifier, token)).toBe('accepted');
    later.ms = 61_500;
    expect(await codeOf(verifier, token)).toBe('invalid_token');
    expect(() => verifier.verifyMaybeSync(token)).toThrow(Refusal);
    expect(await codeOf(verifier, other)).toBe('accepted');
  });

  it('refuses when it is stale, though it has seen the token', async () => {
    await using around = await surroundings();
    const { issuer, verifier, later } = around;
    const token = await issuer.mint({ exp: Math.floor(Date.now() / 1_000) + 3_000 });
    expect(await codeOf(verifier, token)).toBe('accepted');
    issuer.revocations.answers = false;
    later.ms = 300_001;
    expect(await codeOf(verifier, token)).toBe('verifier_stale');
  });

  it('tells tokens apart that share an index, each refused by its own revocation alone', async () => {
    await using around = await surroundings();
    const { issuer, verifier } = around;
    // Of 300 tokens in at most 1,024 slots some dozens meet in one.
    const minted = await Promise.all(
      Array.from({ length: 300 }, async () => {
        const jti = newId('tok');
        return { jti, token: await issuer.mint({ jti }) };
      }),
    );
    for (const { token } of minted) expect(await codeOf(verifier, token)).toBe('accepted');
    for (const { token, jti } of minted) expect((await verifier.verify(token)).jti).toBe(jti);
    for (const { jti } of minted.filter((_one, at) => at % 3 === 0)) {
      issuer.revocations.revoke({ kind: 'token', key: jti });
    }
    for (const [at, { token }] of minted.entries()) {
      expect(await codeOf(verifier, token)).toBe(at % 3 === 0 ? 'invalid_token' : 'accepted');
    }
  });

  it('takes no token for another that ends with the same signature', async () => {
    await using around = await surroundings();
    const { issuer, verifier } = around;
    const token = await issuer.mint({ roles: [] });
    const admin = await issuer.mint({ roles: ['admin'] });
    expect(await codeOf(verifier, token)).toBe('accepted');
    const [header = '', , signature = ''] = token.split('.');
    const [, wanted = ''] = admin.split('.');
    for (const forged of [
      `${header}.${wanted}.${signature}`,
      `${header}.${wanted}.${admin.split('.')[2]?.slice(0, -20)}${signature.slice(-20)}`,
      `${token.slice(0, 40)}${token.charAt(40) === 'A' ? 'B' : 'A'}${token.slice(41)}`,
      `A${token}`,
      token.slice(1),
    ]) {
      expect(await codeOf(verifier, forged)).toBe('invalid_token');
      expect(await codeOf(verifier, token)).toBe('accepted');
    }
  });

  it('judges again whenever the ledger has something new, and only then', async () => {
    await using around = await surroundings();
    const { issuer, verifier } = around;
    const sub = newId('usr');
    const tokens = [await issuer.mint({ sub, gen: 1 }), await issuer.mint({ sub, gen: 2 })];
    for (const token of tokens) expect(await codeOf(verifier, token)).toBe('accepted');
    for (const generation of [1, 2, 3]) {
      issuer.revocations.revoke({ kind: 'session', key: newId('ses') });
      issuer.revocations.revoke({ kind: 'subject', key: sub, generation });
      const codes = await Promise.all(tokens.map((token) => codeOf(verifier, token)));
      expect(codes).toEqual([1, 2].map((gen) => (gen < generation ? 'invalid_token' : 'accepted')));
    }
  });

  it('gives all callers with a token the same claims, which are frozen', async () => {
    await using around = await surroundings();
    const { issuer, verifier } = around;
    const aud = [issuer.audience, 'urn:another'];
    const users = [
      { roles: ['admin' as const] },
      { roles: ['admin' as const], aud },
      { aud, iss: issuer.issuer },
    ];
    const tokens = await Promise.all([
      ...users.map((special) => issuer.mint(special)),
      issuer.mintMachine({ aud }),
      issuer.mintMachine(),
    ]);
    for (const token of tokens) {
      const given = await verifier.verify(token);
      expect(await verifier.verify(token)).toBe(given);
      expect(changeableWithin(given)).toEqual([]);
    }
  });

  it('holds once what tokens say alike, and gives each what it says', async () => {
    await using around = await surroundings();
    const { issuer, verifier } = around;
    const said = [
      { roles: ['support' as const], amr: ['pwd'] },
      { roles: ['support' as const], amr: ['pwd'] },
      { roles: ['admin' as const, 'support' as const], amr: ['pwd', 'otp'] },
      { roles: ['support' as const, 'admin' as const], amr: ['otp', 'pwd'] },
      { roles: ['admin' as const], amr: ['otp'] },
      { roles: [], amr: ['pwd'] },
      { roles: [], amr: ['pwd', 'otp'] },
      { roles: ['support' as const], amr: ['pwd'] },
    ];
    const given = [];
    for (const special of said) given.push(await verifier.verify(await issuer.mint(special)));
    expect(given).toMatchObject(said);
    const [first, second] = given;
    for (const list of ['roles', 'amr'] as const) {
      expect(Reflect.get(second ?? {}, list)).toBe(Reflect.get(first ?? {}, list));
    }
  });
});

/** The paths of what is not frozen, however deep. */
function changeableWithin(value: unknown, path = 'claims'): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const within = Object.entries(value).flatMap(([name, member]) =>
    changeableWithin(member, `${path}.${name}`),
  );
  return Object.isFrozen(value) ? within : [path, ...within];
}

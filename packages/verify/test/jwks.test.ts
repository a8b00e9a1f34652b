/** The keys of the issuer: fetched seldom, kept through an outage, and refused when they are no keys. */
import { newId, Refusal } from '@portcullis/contracts';
import { collectingGarbage } from '@portcullis/testbed';
import { createTestIssuer, type TestIssuer } from '@portcullis/testkit';
import { generateKeyPairSync, type JsonWebKey, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import {
  createVerifier,
  readKeySet,
  systemClock,
  type Clock,
  type Verifier,
} from '../src/index.ts';
import { Jwks } from '../src/keys/jwks.ts';

const COOLDOWN_MS = 5_000;
const owned: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of owned.splice(0).toReversed()) await one[Symbol.asyncDispose]();
});

function own<T extends AsyncDisposable>(one: T): T {
  owned.push(one);
  return one;
}

/** A clock that can be told to be later. */
function laterClock() {
  const later = { ms: 0 };
  const clock = {
    monotonic: () => systemClock.monotonic() + later.ms,
    wall: () => systemClock.wall() + later.ms,
    after: systemClock.after,
  };
  return { clock, later };
}

/** A clock that stands still until the test moves it. */
function stillClock() {
  const later = { ms: 0 };
  const [monotonic, wall] = [systemClock.monotonic(), systemClock.wall()];
  const clock = {
    monotonic: () => monotonic + later.ms,
    wall: () => wall + later.ms,
    after: systemClock.after,
  };
  return { clock, later };
}

/** A key set's address that answers as the test says. */
async function keyServer(answer: (response: ServerResponse) => void) {
  const asked = { times: 0, answer };
  const server = createServer((_request, response) => {
    asked.times += 1;
    asked.answer(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  own({
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });
  return { url: `http://127.0.0.1:${address.port}/jwks`, asked };
}

const withKeys = (keys: readonly unknown[]) => (response: ServerResponse) => {
  response.end(JSON.stringify({ keys }));
};
const fault = (response: ServerResponse) => void response.writeHead(503).end();

async function verifierOf(
  issuer: TestIssuer,
  jwksUrl: string,
  clock = systemClock,
): Promise<Verifier> {
  issuer.revocations.maxStalenessMs = 300_000;
  return own(
    await createVerifier({
      issuer: issuer.issuer,
      audience: issuer.audience,
      service: 'test',
      feed: issuer.revocations.feed(),
      jwksUrl,
      clock,
    }),
  );
}

async function codeOf(verifying: Promise<unknown>): Promise<unknown> {
  try {
    await verifying;
    return 'accepted';
  } catch (error) {
    return error instanceof Refusal ? error.code : error;
  }
}

describe('a verifier', () => {
  it('asks once a cooldown, however many unknown kids it meets', async () => {
    const issuer = own(await createTestIssuer());
    const { clock, later } = laterClock();
    const { url, asked } = await keyServer(withKeys([issuer.publicJwk()]));
    const verifier = await verifierOf(issuer, url, clock);
    await verifier.ready();
    const good = await issuer.mint();
    const claims = Buffer.from(good.split('.')[1] ?? '', 'base64url');
    const unknown = () => issuer.signRaw(headerWith(newId('key')), claims);
    for (const cooldown of [1, 2, 3]) {
      later.ms += COOLDOWN_MS + 1;
      const flood = Array.from({ length: 1_000 }, unknown);
      const codes = await Promise.all(flood.map((token) => codeOf(verifier.verify(token))));
      expect(new Set(codes)).toEqual(new Set(['invalid_token']));
      // One at the start, and one for each cooldown.
      expect(asked.times).toBe(1 + cooldown);
      // One by one, too.
      for (const token of flood.slice(0, 20)) await codeOf(verifier.verify(token));
      expect(asked.times).toBe(1 + cooldown);
      expect(await codeOf(verifier.verify(good))).toBe('accepted');
    }
  });

  it('goes on with what it knows while the keys are not to be had', async () => {
    const issuer = own(await createTestIssuer());
    const { clock, later } = laterClock();
    const { url, asked } = await keyServer(withKeys([issuer.publicJwk()]));
    const verifier = await verifierOf(issuer, url, clock);
    await verifier.ready();
    asked.answer = fault;
    const known = issuer.kid;
    const fresh = await issuer.rotate();
    for (let cooldown = 1; cooldown <= 4; cooldown += 1) {
      later.ms += COOLDOWN_MS + 1;
      expect(await codeOf(verifier.verify(await issuer.mint({}, { kid: fresh })))).toBe(
        'unavailable',
      );
      expect(await codeOf(verifier.verify(await issuer.mint({}, { kid: known })))).toBe('accepted');
      expect(asked.times).toBe(1 + cooldown);
    }
    asked.answer = withKeys([issuer.publicJwk(known), issuer.publicJwk(fresh)]);
    later.ms += COOLDOWN_MS + 1;
    expect(await codeOf(verifier.verify(await issuer.mint({}, { kid: fresh })))).toBe('accepted');
  });

  // A key that is another's: were it taken, tokens would be refused for an unknown key.
  const key = JSON.stringify({
    ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }),
    kid: newId('key'),
  });
  it.each<[string, (response: ServerResponse) => void]>([
    ['a fault', fault],
    ['a fault with keys', (response) => void response.writeHead(500).end(`{"keys":[${key}]}`)],
    [
      'a redirect to keys',
      (response) => {
        if (response.req.url !== '/jwks') response.end(`{"keys":[${key}]}`);
        else response.writeHead(302, { location: '/elsewhere' }).end();
      },
    ],
    ['no JSON', (response) => void response.end('<html>')],
    ['no key set', (response) => void response.end(`{"keys":${key}}`)],
    ['members twice', (response) => void response.end(`{"keys":[],"keys":[${key}]}`)],
    ['a key twice', (response) => void response.end(`{"keys":[${key},${key}]}`)],
    ['no keys', withKeys([])],
    [
      '64 kB and more',
      (response) => void response.end(`{"keys":[${key}],"x":"${'x'.repeat(70_000)}"}`),
    ],
    [
      'half of what was promised',
      (response) => {
        response.writeHead(200, { 'content-length': 10_000 });
        response.write(`{"keys":[${key}]}`);
        setTimeout(() => response.destroy(), 50);
      },
    ],
  ])('that gets %s at its start is unavailable, not refusing', async (_what, answer) => {
    const issuer = own(await createTestIssuer());
    const { url } = await keyServer(answer);
    const verifier = await verifierOf(issuer, url);
    const token = await issuer.mint();
    const error: unknown = await verifier.verify(token).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'unavailable', status: 503 });
    // What is wrong by itself needs no key to be told so.
    expect(await codeOf(verifier.verify(`${token}=`))).toBe('invalid_token');
  });

  it('waits three seconds for an answer that does not end, all callers together', async () => {
    const issuer = own(await createTestIssuer());
    const { url, asked } = await keyServer((response) => void response.write('{"keys":['));
    const began = performance.now();
    // Node 20 and 22 forget the signal of the request by it, once the answer has begun.
    const verifier = await collectingGarbage(async () => await verifierOf(issuer, url));
    expect(performance.now() - began).toBeGreaterThan(2_900);
    const tokens = await Promise.all([issuer.mint(), issuer.mint(), issuer.mint()]);
    const codes = await Promise.all(tokens.map((token) => codeOf(verifier.verify(token))));
    expect(new Set(codes)).toEqual(new Set(['unavailable']));
    expect(asked.times).toBeLessThanOrEqual(2);
  });

  it('refuses tokens of a key that has left the key set, also where a token of it was verified before', async () => {
    const issuer = own(await createTestIssuer());
    const { clock, later } = laterClock();
    const retired = issuer.kid;
    const token = await issuer.mint();
    await issuer.rotate();
    const keys = [issuer.publicJwk(retired), issuer.publicJwk()];
    const { url, asked } = await keyServer(withKeys(keys));
    const verifier = await verifierOf(issuer, url, clock);
    await verifier.ready();
    expect(await codeOf(verifier.verify(token))).toBe('accepted');
    // The same keys once more are the same: what is cached stays.
    later.ms += COOLDOWN_MS + 1;
    await codeOf(verifier.verify(issuer.signRaw(headerWith(newId('key')), payloadOf(token))));
    expect(asked.times).toBe(2);
    expect(await codeOf(verifier.verify(token))).toBe('accepted');
    asked.answer = withKeys([issuer.publicJwk()]);
    later.ms += COOLDOWN_MS + 1;
    await codeOf(verifier.verify(issuer.signRaw(headerWith(newId('key')), payloadOf(token))));
    expect(await codeOf(verifier.verify(token))).toBe('invalid_token');
    // The same name for another key is another key.
    const other = await createTestIssuer();
    own(other);
    asked.answer = withKeys([{ ...other.publicJwk(), kid: retired }, issuer.publicJwk()]);
    later.ms += COOLDOWN_MS + 1;
    expect(await codeOf(verifier.verify(token))).toBe('invalid_token');
    expect(asked.times).toBe(4);
  });
});

describe('a key that is not known', () => {
  /** A verifier that has the issuer's first key, and tokens of keys that do not exist. */
  async function knowing() {
    const issuer = own(await createTestIssuer());
    const { clock, later } = stillClock();
    const { url, asked } = await keyServer(withKeys([issuer.publicJwk()]));
    const verifier = await verifierOf(issuer, url, clock);
    await verifier.ready();
    const payload = payloadOf(await issuer.mint());
    const made = (kid = newId('key')) => issuer.signRaw(headerWith(kid), payload);
    const codeOfMade = async () => await codeOf(verifier.verify(made()));
    return { issuer, verifier, later, asked, made, codeOfMade };
  }

  it('refuses an unknown key while the last key set is younger than the cooldown, though the set cannot be fetched now', async () => {
    const { later, asked, codeOfMade } = await knowing();
    later.ms += COOLDOWN_MS + 1;
    expect(await codeOfMade()).toBe('invalid_token');
    asked.answer = fault;
    later.ms += COOLDOWN_MS - 1_000;
    expect(await codeOfMade()).toBe('invalid_token');
    expect(asked.times).toBe(2);
    later.ms += 1_001;
    expect(await codeOfMade()).toBe('unavailable');
    expect(asked.times).toBe(3);
    // An answer from before the failure says nothing any more.
    later.ms += 1_000;
    expect(await codeOfMade()).toBe('unavailable');
    expect(asked.times).toBe(3);
  });

  it('says when to come back: when the set is asked for again', async () => {
    const { verifier, later, asked, made } = await knowing();
    asked.answer = fault;
    later.ms += COOLDOWN_MS + 1;
    const retryAfter = async () => {
      const error: unknown = await verifier.verify(made()).catch((thrown: unknown) => thrown);
      return error instanceof Refusal ? error.retryAfter : error;
    };
    expect(await retryAfter()).toBe(5);
    later.ms += 3_000;
    expect(await retryAfter()).toBe(2);
  });

  it('costs one fetch a cooldown in an outage, and callers with known keys no wait', async () => {
    const { issuer, verifier, later, asked, made } = await knowing();
    const good = await issuer.mint();
    let release = () => {};
    asked.answer = (response) => {
      release = () => response.destroy();
    };
    later.ms += COOLDOWN_MS + 1;
    const flood = Array.from({ length: 500 }, async () => await codeOf(verifier.verify(made())));
    await expect.poll(() => asked.times).toBe(2);
    // The fetch is still under way.
    expect(await codeOf(verifier.verify(good))).toBe('accepted');
    release();
    expect(new Set(await Promise.all(flood))).toEqual(new Set(['unavailable']));
    expect(asked.times).toBe(2);
  });

  it('is asked for once after a kill, and not again when the kill is repeated', async () => {
    const { issuer, later, asked, codeOfMade } = await knowing();
    later.ms += 1_000;
    const stolen = newId('key');
    issuer.revocations.revoke({ kind: 'key', key: stolen });
    expect(await codeOfMade()).toBe('invalid_token');
    expect(asked.times).toBe(2);
    for (let again = 0; again < 20; again += 1) {
      later.ms += 100;
      issuer.revocations.revoke({ kind: 'key', key: stolen });
      expect(await codeOfMade()).toBe('invalid_token');
    }
    expect(asked.times).toBe(2);
  });

  it('is not refused for an answer that was asked for before a kill', async () => {
    const { issuer, verifier, later, asked, codeOfMade } = await knowing();
    const former = issuer.kid;
    const spare = await issuer.rotate();
    later.ms += COOLDOWN_MS + 1;
    asked.answer = (response) => {
      // On its way while the kill arrives, and without the key that signs since.
      issuer.revocations.revoke({ kind: 'key', key: newId('key') });
      later.ms += 1_000;
      asked.answer = withKeys([issuer.publicJwk(spare)]);
      withKeys([issuer.publicJwk(former)])(response);
    };
    expect(await codeOf(verifier.verify(await issuer.mint()))).toBe('accepted');
    // Many kills in a moment: a fetch each half second, and 503 in between.
    const before = asked.times;
    for (let kill = 0; kill < 20; kill += 1) {
      issuer.revocations.revoke({ kind: 'key', key: newId('key') });
      expect(await codeOfMade()).toBe('unavailable');
    }
    expect(asked.times).toBe(before);
  });

  it('reports once that the key set cannot be fetched, and once that it can be again', async () => {
    const { verifier, later, asked, codeOfMade } = await knowing();
    const told: string[] = [];
    verifier.onKeySet((error) => told.push(error === undefined ? 'back' : 'away'));
    expect(verifier.keySet).toMatchObject({ keys: 1, lastFetch: 'succeeded', failures: 0 });
    asked.answer = fault;
    for (let round = 0; round < 3; round += 1) {
      later.ms += COOLDOWN_MS + 1;
      await codeOfMade();
    }
    expect(told).toEqual(['away']);
    expect(verifier.keySet).toMatchObject({ keys: 1, lastFetch: 'failed', failures: 3 });
    expect(verifier.keySet.ageMs).toBeGreaterThan(3 * COOLDOWN_MS);
    asked.answer = withKeys([generateJwk()]);
    later.ms += COOLDOWN_MS + 1;
    await codeOfMade();
    await codeOfMade();
    expect(told).toEqual(['away', 'back']);
    expect(verifier.keySet.ageMs).toBeLessThan(COOLDOWN_MS);
  });
});

describe('the keys', () => {
  it('are fetched again after five minutes without need, until they are closed', async () => {
    const issuer = own(await createTestIssuer());
    const { url, asked } = await keyServer(withKeys([issuer.publicJwk()]));
    const timers: { ms: number; run: () => void; cancelled: boolean }[] = [];
    const { later, clock } = laterClock();
    const steered: Clock = {
      ...clock,
      after: (ms, run) => {
        const timer = { ms, run, cancelled: false };
        timers.push(timer);
        return { cancel: () => void (timer.cancelled = true) };
      },
    };
    const jwks = new Jwks({
      url,
      issuer: issuer.issuer,
      clock: steered,
      fetch,
      issuerNow: Date.now,
    });
    await jwks.refresh();
    expect(timers.map(({ ms }) => ms)).toEqual([300_000]);
    asked.answer = fault;
    later.ms += 300_000;
    timers[0]?.run();
    await expect.poll(() => timers.length).toBe(2);
    expect(asked.times).toBe(2);
    expect(jwks.known(issuer.kid)).toBeDefined();
    jwks.close();
    // Sooner after a failure.
    expect(timers[1]).toMatchObject({ ms: 15_000, cancelled: true });
    await jwks.refresh();
    expect(asked.times).toBe(2);
  });

  it.each([
    'http://example.com/jwks',
    'http://127.0.0.1.example.com/',
    'ftp://localhost/',
    'file:///jwks',
  ])('are not fetched from %s', (url) => {
    expect(() => jwksAt(url)).toThrow('https');
  });
  it.each([
    'https://example.com/jwks',
    'http://127.0.0.1:1/',
    'http://localhost/',
    'http://[::1]:1/',
  ])('may be fetched from %s', (url) => {
    expect(() => jwksAt(url)).not.toThrow();
  });
});

describe('a key set', () => {
  const jwkOf = (pair: { publicKey: KeyObject }): JsonWebKey =>
    pair.publicKey.export({ format: 'jwk' });
  const ec = jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }));
  const p384 = jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-384' }));
  const secp256k1 = jwkOf(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }));
  const ed = jwkOf(generateKeyPairSync('ed25519'));
  const ed448 = jwkOf(generateKeyPairSync('ed448'));
  const x25519 = jwkOf(generateKeyPairSync('x25519'));
  const rsa = jwkOf(generateKeyPairSync('rsa', { modulusLength: 2_048 }));
  const small = jwkOf(generateKeyPairSync('rsa', { modulusLength: 1_024 }));
  const almost = jwkOf(generateKeyPairSync('rsa', { modulusLength: 2_040 }));
  const kid = newId('key');
  const exponent = (hex: string) => ({ ...rsa, e: Buffer.from(hex, 'hex').toString('base64url') });

  it.each<[string, object]>([
    ['ES256', { ...ec, kid }],
    [
      'ES256, with all that may be said',
      { ...ec, kid, alg: 'ES256', use: 'sig', key_ops: ['verify'] },
    ],
    ['ES256, with more', { ...ec, kid, x5t: 'x', iat: 1, 'x-y': [] }],
    ['EdDSA', { ...ed, kid }],
    ['RS256', { ...rsa, kid }],
  ])('has a use for %s', (_name, jwk) => {
    expect([...readKeySet({ keys: [jwk] }).keys()]).toEqual([kid]);
  });

  it.each<[string, object]>([
    ['for encryption', { ...ec, kid, use: 'enc' }],
    ['for encryption, by operation', { ...ec, kid, key_ops: ['encrypt'] }],
    ['for derivation as well', { ...ec, kid, key_ops: ['verify', 'deriveKey'] }],
    ['to sign with', { ...ec, kid, key_ops: ['sign'] }],
    ['of another algorithm', { ...ec, kid, alg: 'ES384' }],
    ['of an algorithm for secrets', { ...rsa, kid, alg: 'HS256' }],
    ['of PSS', { ...rsa, kid, alg: 'PS256' }],
    ['of P-384', { ...p384, kid }],
    ['of secp256k1', { ...secp256k1, kid }],
    ['of Ed448', { ...ed448, kid }],
    ['of X25519', { ...x25519, kid }],
    ['of 1,024 bits', { ...small, kid }],
    ['of 2,040 bits', { ...almost, kid }],
    ['of 16,384 bits', { ...rsa, kid, n: Buffer.alloc(2_048, 0xff).toString('base64url') }],
    ['with e = 1', { ...exponent('01'), kid }],
    ['with e = 2', { ...exponent('02'), kid }],
    ['with e = 3', { ...exponent('03'), kid }],
    ['with an even e', { ...exponent('010000'), kid }],
    ['with an even e that is large', { ...exponent('010002'), kid }],
    ['with e of 256 bits', { ...exponent('ff'.repeat(32)), kid }],
    ['with e = 0', { ...exponent('00'), kid }],
    ['that is not on its curve', { ...ec, kid, y: ec.x }],
    ['that is the point at infinity', { ...ec, kid, x: 'AA', y: 'AA' }],
    ['of an unknown type', { ...ec, kid, kty: 'XX' }],
    ['without a name', ec],
    ['with an empty name', { ...ec, kid: '' }],
    ['with a name that is no identifier', { ...ec, kid: '2011-04-29' }],
    ['with __proto__ for a name', { ...ec, kid: '__proto__' }],
    ['with a number for a name', { ...ec, kid: 1 }],
  ])('has no use for a key %s', (_name, jwk) => {
    expect(readKeySet({ keys: [jwk] }).size).toBe(0);
    // Nor is the one beside it lost.
    const other = { ...ed, kid: newId('key') };
    expect([...readKeySet({ keys: [jwk, other] }).keys()]).toEqual([other.kid]);
  });

  it.each<[string, unknown]>([
    [
      'with a name twice',
      {
        keys: [
          { ...ec, kid },
          { ...ed, kid },
        ],
      },
    ],
    [
      'with the same key twice',
      {
        keys: [
          { ...ec, kid },
          { ...ec, kid },
        ],
      },
    ],
    [
      'with a name twice, once of no use',
      {
        keys: [
          { ...ec, kid },
          { ...small, kid },
        ],
      },
    ],
    [
      'with a secret',
      {
        keys: [
          { ...ec, kid },
          { kty: 'oct', k: 'c2VjcmV0', kid: newId('key') },
        ],
      },
    ],
    ['with a private key', { keys: [{ ...ec, kid, d: 'AA' }] }],
    ['with a prime', { keys: [{ ...rsa, kid, p: 'AA' }] }],
    ['with 65 keys', { keys: Array.from({ length: 65 }, () => ({ ...ec, kid: newId('key') })) }],
    ['that is a list', [{ ...ec, kid }]],
    ['that is one key', { ...ec, kid }],
    ['whose keys are text', { keys: ['x'] }],
    ['that is nothing', null],
  ])('is refused %s', (_name, document) => {
    expect(() => readKeySet(document)).toThrow();
  });

  // Under such a key Node 20.20 takes a signature that needs no private key for one text in some; 24.22 does not.
  it('leaves out Ed25519 points of small order, with which anyone could sign', () => {
    const prime = 2n ** 255n - 19n;
    const points = [0n, 1n, prime - 1n, prime, prime + 1n].map((y) => littleEndian(y));
    points.push(
      Buffer.from('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', 'hex'),
    );
    points.push(
      Buffer.from('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a', 'hex'),
    );
    for (const point of points) {
      for (const sign of [0, 0x80]) {
        const bytes = Buffer.from(point);
        bytes[31] = (bytes[31] ?? 0) | sign;
        const jwk = { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') };
        expect(readKeySet({ keys: [{ ...jwk, kid }] }).size, jwk.x).toBe(0);
      }
    }
  });
});

function generateJwk(): JsonWebKey {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...publicKey.export({ format: 'jwk' }), kid: newId('key') };
}

function jwksAt(url: string): Jwks {
  const issuer = 'https://issuer.example';
  return new Jwks({ url, issuer, clock: systemClock, fetch, issuerNow: Date.now });
}

function littleEndian(value: bigint): Buffer {
  const bytes = Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
  return Buffer.from(bytes.toReversed());
}

function headerWith(kid: string): string {
  return JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid });
}

function payloadOf(token: string): Buffer {
  return Buffer.from(token.split('.')[1] ?? '', 'base64url');
}

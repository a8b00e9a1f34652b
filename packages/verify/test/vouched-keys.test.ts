/** Keys that come with grants while the key set cannot be fetched: whose word for them counts. */
import { newId, Refusal, type KeyId } from '@portcullis/contracts';
import { encodeSnapshot } from '@portcullis/snapshot';
import { createTestIssuer, type TestIssuer } from '@portcullis/testkit';
import { generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createVerifier,
  systemClock,
  type Clock,
  type Verifier,
  type VerifierOptions,
} from '../src/index.ts';
import { readKeyVouch } from '../src/keys/vouch.ts';

const COOLDOWN_MS = 5_001;
const DAY_S = 86_400;

let issuer: TestIssuer;
/** The key that the verifier has fetched, and one that it has not. */
let fetched: KeyId;
let fresh: KeyId;
let verifier: Verifier;
let later: number;
let clock: Clock;
/** What the key set holds; undefined: it is away. */
let set: readonly JsonWebKey[] | undefined;
let fetches: number;

beforeEach(async () => {
  later = 0;
  fetches = 0;
  const [monotonic, wall] = [systemClock.monotonic(), systemClock.wall()];
  issuer = await createTestIssuer({ now: () => Math.floor(wall + later) });
  issuer.revocations.maxStalenessMs = 300_000;
  fetched = issuer.kid;
  fresh = await issuer.rotate();
  set = [issuer.publicJwk(fetched)];
  clock = {
    monotonic: () => monotonic + later,
    wall: () => wall + later,
    after: systemClock.after,
  };
  verifier = await startVerifier();
});
afterEach(async () => {
  await verifier[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});

async function startVerifier(options: Pick<VerifierOptions, 'whenStale'> = {}): Promise<Verifier> {
  const started = await createVerifier({
    issuer: issuer.issuer,
    audience: issuer.audience,
    service: 'test',
    feed: feedWithRestore(issuer),
    clock,
    fetch: async () => {
      fetches += 1;
      if (set === undefined) throw new Error('away');
      return Response.json({ keys: set });
    },
    ...options,
  });
  await started.ready();
  return started;
}

let restored: () => void;
/** `restored` has the verifier ask for a grant. */
function feedWithRestore(of: TestIssuer) {
  const feed = of.revocations.feed();
  return {
    ...feed,
    // Holds a kill beside the log, so that it comes by no other way.
    snapshot: async () => {
      const { epoch, log } = of.revocations;
      const kill = { kind: 'key' as const, key: fetched, expires_at: null };
      return Buffer.concat([...encodeSnapshot({ epoch, position: log.length }, [...log, kill])]);
    },
    open: async (listener: Parameters<typeof feed.open>[0]) => {
      restored = () => listener.restored();
      await feed.open(listener);
    },
  };
}

const seconds = () => Math.floor((systemClock.wall() + later) / 1_000);
const encoded = (value: unknown) => JSON.stringify(value);

interface Vouching {
  by?: KeyId;
  header?: object;
  claims?: object;
  jwk?: object;
}

/** A vouch for a key of the issuer; what is given replaces members. */
function vouch(kid: KeyId, { by = fetched, header, claims, jwk }: Vouching = {}): string {
  const iat = seconds();
  return issuer.signRaw(
    encoded({ alg: 'ES256', typ: 'portcullis-key+jwt', kid: by, ...header }),
    encoded({
      iss: issuer.issuer,
      iat,
      exp: iat + DAY_S,
      jwk: { ...issuer.publicJwk(kid), ...jwk },
      ...claims,
    }),
    by,
  );
}

/** The next grant carries these, and has been taken when this resolves. */
async function grantWith(...keys: string[]): Promise<void> {
  issuer.revocations.keys = keys;
  const before = verifier.stats().grants;
  restored();
  await expect.poll(() => verifier.stats().grants, { interval: 2 }).toBeGreaterThan(before);
}

const mintedBy = async (kid: KeyId) => await issuer.mint({}, { kid });

async function outcomeOf(token: string): Promise<string> {
  try {
    await verifier.verify(token);
    return 'accepted';
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

/** The set is away, and was last had longer ago than a cooldown. */
function cutOff(): void {
  set = undefined;
  later += COOLDOWN_MS;
}

describe('a key that a fetched key vouches for', () => {
  it('is known without a fetch, and is the same key once it is fetched', async () => {
    cutOff();
    const token = await mintedBy(fresh);
    expect(await outcomeOf(token)).toBe('unavailable');
    await grantWith(vouch(fresh));
    expect(await outcomeOf(token)).toBe('accepted');
    const asked = fetches;
    expect(await outcomeOf(await mintedBy(fresh))).toBe('accepted');
    expect(fetches).toBe(asked);
    expect(verifier.keySet).toMatchObject({ keys: 1, vouched: 1, lastFetch: 'failed' });
    // What is open goes on when the set is back, with the key in it.
    const { signal } = await verifier.watch(token);
    set = [issuer.publicJwk(fresh), issuer.publicJwk(fetched)];
    later += COOLDOWN_MS;
    await outcomeOf(
      issuer.signRaw(encoded({ alg: 'ES256', typ: 'at+jwt', kid: newId('key') }), payloadOf(token)),
    );
    expect(verifier.keySet).toMatchObject({ keys: 2, vouched: 0, lastFetch: 'succeeded' });
    expect(await outcomeOf(token)).toBe('accepted');
    expect(signal.aborted).toBe(false);
  });

  it.each(['RS256', 'EdDSA', 'ES256'] as const)('may be of %s', async (alg) => {
    const other = await issuer.rotate(alg);
    cutOff();
    await grantWith(vouch(other));
    expect(await outcomeOf(await mintedBy(other))).toBe('accepted');
  });

  it('goes with a set that has not got it, cached or watched', async () => {
    cutOff();
    await grantWith(vouch(fresh));
    const token = await mintedBy(fresh);
    const { signal } = await verifier.watch(token);
    set = [issuer.publicJwk(fetched)];
    issuer.revocations.keys = [];
    later += COOLDOWN_MS;
    await outcomeOf(await mintedBy(await issuer.rotate()));
    expect(await outcomeOf(token)).toBe('invalid_token');
    expect(signal.reason).toMatchObject({ code: 'unavailable' });
  });

  it('goes when its vouch expires, by the clock of the issuer, cached or not', async () => {
    cutOff();
    const iat = seconds();
    await grantWith(vouch(fresh, { claims: { iat, exp: iat + 60 } }));
    const token = await mintedBy(fresh);
    expect(await outcomeOf(token)).toBe('accepted');
    later += 58_000;
    expect(await outcomeOf(token)).toBe('accepted');
    const { signal } = await verifier.watch(token);
    later += 2_001;
    expect(await outcomeOf(token)).toBe('unavailable');
    await grantWith();
    expect(signal.reason).toMatchObject({ code: 'unavailable' });
  });

  it('goes with the key that vouched for it, at once, cached or watched', async () => {
    cutOff();
    await grantWith(vouch(fresh));
    const token = await mintedBy(fresh);
    expect(await outcomeOf(token)).toBe('accepted');
    const { signal } = await verifier.watch(token);
    issuer.revocations.revoke({ kind: 'key', key: fetched });
    // In the turn of the kill, and so before it is confirmed.
    expect(signal.reason).toMatchObject({ code: 'unavailable' });
    expect(await outcomeOf(token)).toBe('unavailable');
    expect(await outcomeOf(await mintedBy(fetched))).toBe('invalid_token');
    await grantWith(vouch(fresh));
    expect(await outcomeOf(token)).toBe('unavailable');
  });

  it('goes with it also when that kill comes in a snapshot', async () => {
    cutOff();
    await grantWith(vouch(fresh));
    const token = await mintedBy(fresh);
    expect(await outcomeOf(token)).toBe('accepted');
    // Another log, too long for one answer.
    issuer.revocations.newEpoch();
    issuer.revocations.pushes = false;
    for (let event = 0; event < 1_001; event += 1) {
      issuer.revocations.revoke({ kind: 'session', key: newId('ses') });
    }
    await grantWith(vouch(fresh));
    await expect.poll(() => verifier.state).toBe('LIVE');
    expect(verifier.keySet).toMatchObject({ keys: 0, vouched: 0 });
    expect(await outcomeOf(token)).toBe('unavailable');
    expect(await outcomeOf(await mintedBy(fetched))).toBe('invalid_token');
  });

  it('goes with it also while auth is asked about the token', async () => {
    await verifier[Symbol.asyncDispose]();
    const introspect = async () => {
      if (killed) issuer.revocations.revoke({ kind: 'key', key: fetched });
      return true;
    };
    let killed = false;
    verifier = await startVerifier({ whenStale: { policy: 'introspect', introspect } });
    cutOff();
    await grantWith(vouch(fresh));
    const token = await mintedBy(fresh);
    issuer.revocations.answers = false;
    later += 301_000;
    expect(await outcomeOf(token)).toBe('accepted');
    killed = true;
    expect(await outcomeOf(token)).toBe('verifier_stale');
  });

  it('goes for ever with its own kill', async () => {
    cutOff();
    await grantWith(vouch(fresh));
    const token = await mintedBy(fresh);
    issuer.revocations.revoke({ kind: 'key', key: fresh });
    expect(await outcomeOf(token)).toBe('invalid_token');
    await grantWith(vouch(fresh));
    expect(verifier.keySet.vouched).toBe(0);
    expect(await outcomeOf(token)).toBe('invalid_token');
  });

  it('is not taken with a grant that brings the kill of either key', async () => {
    cutOff();
    issuer.revocations.pushes = false;
    issuer.revocations.revoke({ kind: 'key', key: fetched });
    await grantWith(vouch(fresh));
    expect(verifier.keySet.vouched).toBe(0);
    expect(await outcomeOf(await mintedBy(fresh))).toBe('unavailable');
  });

  it('vouches for no other: there are no chains', async () => {
    const third = await issuer.rotate();
    cutOff();
    await grantWith(vouch(fresh), vouch(third, { by: fresh }));
    await grantWith(vouch(fresh), vouch(third, { by: fresh }));
    expect(await outcomeOf(await mintedBy(fresh))).toBe('accepted');
    expect(await outcomeOf(await mintedBy(third))).toBe('unavailable');
  });

  it('never takes the place of a key of that name', async () => {
    const other = await issuer.rotate();
    cutOff();
    await grantWith(
      vouch(fetched, { jwk: { ...issuer.publicJwk(other), kid: fetched } }),
      vouch(fresh),
      vouch(fresh, { jwk: { ...issuer.publicJwk(other), kid: fresh } }),
    );
    expect(verifier.keySet.vouched).toBe(1);
    expect(await outcomeOf(await mintedBy(fetched))).toBe('accepted');
    expect(await outcomeOf(await mintedBy(fresh))).toBe('accepted');
    const payload = payloadOf(await mintedBy(fresh));
    for (const kid of [fetched, fresh]) {
      const forged = issuer.signRaw(encoded({ alg: 'ES256', typ: 'at+jwt', kid }), payload, other);
      expect(await outcomeOf(forged)).toBe('invalid_token');
    }
  });

  it('is one of sixteen at most, and so are the vouches that are looked at', async () => {
    cutOff();
    const kids: KeyId[] = [];
    for (let count = 0; count < 20; count += 1) kids.push(await issuer.rotate());
    await grantWith(...kids.map((kid) => vouch(kid)));
    expect(verifier.keySet.vouched).toBe(16);
    expect(await outcomeOf(await mintedBy(kids[15] ?? fresh))).toBe('accepted');
    expect(await outcomeOf(await mintedBy(kids[16] ?? fresh))).toBe('unavailable');
    // More of them take the place of those that expire first.
    await grantWith(vouch(kids[18] ?? fresh), vouch(kids[19] ?? fresh));
    expect(verifier.keySet.vouched).toBe(16);
    expect(await outcomeOf(await mintedBy(kids[19] ?? fresh))).toBe('accepted');
  });
});

it('the first key never comes with a grant', async () => {
  set = undefined;
  await using first = await createVerifier({
    issuer: issuer.issuer,
    audience: issuer.audience,
    service: 'first',
    feed: issuer.revocations.feed(),
    fetch: async () => {
      throw new Error('away');
    },
  });
  issuer.revocations.keys = [
    vouch(fresh),
    vouch(fetched, { by: fresh }),
    vouch(fresh, { by: fresh }),
  ];
  await expect.poll(() => first.state).toBe('LIVE');
  expect(first.keySet).toMatchObject({ keys: 0, vouched: 0 });
  await expect(first.verify(await mintedBy(fresh))).rejects.toMatchObject({ code: 'unavailable' });
});

describe('no vouch', () => {
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const otherJwk = () => ({ ...other.publicKey.export({ format: 'jwk' }), kid: newId('key') });
  const small = generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey;
  const withSecret = () => ({ ...other.privateKey.export({ format: 'jwk' }), kid: newId('key') });

  it.each<[string, () => string | Promise<string>]>([
    ['is an access token', async () => await mintedBy(fetched)],
    [
      'is one that holds a key',
      async () => await issuer.mint({ jwk: issuer.publicJwk(fresh) }, { kid: fetched }),
    ],
    ['has the type of an access token', () => vouch(fresh, { header: { typ: 'at+jwt' } })],
    ['has no type', () => vouch(fresh, { header: { typ: undefined } })],
    ['has a type in other letters', () => vouch(fresh, { header: { typ: 'PORTCULLIS-KEY+JWT' } })],
    [
      'has a type with its prefix',
      () => vouch(fresh, { header: { typ: 'application/portcullis-key+jwt' } }),
    ],
    ['names no algorithm', () => vouch(fresh, { header: { alg: 'none' } })],
    ['is of a secret', () => vouch(fresh, { header: { alg: 'HS256' } })],
    ['is of another algorithm than its key', () => vouch(fresh, { header: { alg: 'EdDSA' } })],
    ['has another parameter', () => vouch(fresh, { header: { x: 1 } })],
    [
      'brings the key that it is checked with',
      () => vouch(fresh, { header: { jwk: issuer.publicJwk(fresh) } }),
    ],
    ['says where to get that', () => vouch(fresh, { header: { jku: 'https://example.com' } })],
    ['is critical', () => vouch(fresh, { header: { crit: ['exp'] } })],
    ['is signed by a key that is not known', () => vouch(fresh, { by: fresh })],
    [
      'is signed by another key than it says',
      () => vouch(fresh, { by: fresh, header: { kid: fetched } }),
    ],
    ['has no signature', () => vouch(fresh).replace(/[^.]+$/, '')],
    [
      'is changed',
      () => {
        const [head = '', , signature = ''] = vouch(fresh).split('.');
        const [, payload = ''] = vouch(fresh, { claims: { iat: seconds() - 1 } }).split('.');
        return [head, payload, signature].join('.');
      },
    ],
    ['is of another issuer', () => vouch(fresh, { claims: { iss: 'https://issuer.example' } })],
    [
      'is of this issuer with a slash',
      () => vouch(fresh, { claims: { iss: `${issuer.issuer}/` } }),
    ],
    ['names no issuer', () => vouch(fresh, { claims: { iss: undefined } })],
    ['says more', () => vouch(fresh, { claims: { aud: issuer.audience } })],
    ['does not end', () => vouch(fresh, { claims: { exp: undefined } })],
    ['has ended', () => vouch(fresh, { claims: { iat: seconds() - 60, exp: seconds() - 1 } })],
    ['lasts for longer than a day', () => vouch(fresh, { claims: { exp: seconds() + DAY_S + 1 } })],
    [
      'ends before it begins',
      () => vouch(fresh, { claims: { iat: seconds() + 4, exp: seconds() + 2 } }),
    ],
    [
      'is of the future',
      () => vouch(fresh, { claims: { iat: seconds() + 10, exp: seconds() + 20 } }),
    ],
    ['has a time that is text', () => vouch(fresh, { claims: { exp: `${seconds() + 60}` } })],
    ['is for no key', () => vouch(fresh, { claims: { jwk: undefined } })],
    ['is for a key without a name', () => vouch(fresh, { jwk: { kid: undefined } })],
    ['is for a key whose name is none', () => vouch(fresh, { jwk: { kid: '__proto__' } })],
    ['is for a private key', () => vouch(fresh, { claims: { jwk: withSecret() } })],
    [
      'is for a key off its curve',
      () => vouch(fresh, { claims: { jwk: { ...otherJwk(), y: otherJwk().x } } }),
    ],
    [
      'is for a small key',
      () =>
        vouch(fresh, {
          claims: { jwk: { ...small.export({ format: 'jwk' }), kid: newId('key') } },
        }),
    ],
    [
      'is for a secret',
      () => vouch(fresh, { claims: { jwk: { kty: 'oct', k: 'c2VjcmV0', kid: newId('key') } } }),
    ],
    ['is for a key to encrypt with', () => vouch(fresh, { jwk: { use: 'enc' } })],
    ['is longer than 4,096 characters', () => vouch(fresh, { jwk: { x5t: 'x'.repeat(4_000) } })],
    [
      'names a member twice',
      () =>
        issuer.signRaw(
          encoded({ alg: 'ES256', typ: 'portcullis-key+jwt', kid: fetched }),
          `{"iss":"${issuer.issuer}","iss":"${issuer.issuer}","iat":${seconds()},"exp":${seconds() + 60},"jwk":${encoded(issuer.publicJwk(fresh))}}`,
          fetched,
        ),
    ],
    ['has padding', () => `${vouch(fresh)}=`],
    ['has four parts', () => `${vouch(fresh)}.x`],
    ['is nothing', () => ''],
  ])('%s', async (_what, make) => {
    cutOff();
    await grantWith(await make());
    expect(verifier.keySet.vouched).toBe(0);
    expect(await outcomeOf(await mintedBy(fresh))).toBe('unavailable');
    // And costs no other, nor the grant that it came with.
    await grantWith(await make(), vouch(fresh));
    expect(await outcomeOf(await mintedBy(fresh))).toBe('accepted');
  });

  it('is an access token', async () => {
    expect(await outcomeOf(vouch(fresh))).toBe('invalid_token');
    const claims = Buffer.from(payloadOf(await mintedBy(fetched))).toString();
    const mixed = issuer.signRaw(
      encoded({ alg: 'ES256', typ: 'portcullis-key+jwt', kid: fetched }),
      claims,
      fetched,
    );
    expect(await outcomeOf(mixed)).toBe('invalid_token');
  });
});

it('a vouch is read once, however often it comes', async () => {
  cutOff();
  const text = vouch(fresh);
  await grantWith(text);
  const known = readKeyVouch(text, issuer.issuer);
  expect(known).toMatchObject({ signer: fetched, key: { kid: fresh, alg: 'ES256' } });
  const token = await mintedBy(fresh);
  await outcomeOf(token);
  expect(verifier.stats().cached).toBe(1);
  for (let again = 0; again < 3; again += 1) await grantWith(text);
  // The same key all along: the token is still remembered.
  expect(await outcomeOf(token)).toBe('accepted');
  expect(verifier.stats().cached).toBe(1);
});

it('a failed fetch asks for a grant at once, which may bring the key', async () => {
  cutOff();
  issuer.revocations.keys = [vouch(fresh)];
  const token = await mintedBy(fresh);
  const grants = verifier.stats().grants;
  await outcomeOf(token);
  await expect.poll(() => verifier.stats().grants).toBe(grants + 1);
  expect(await outcomeOf(token)).toBe('accepted');
});

function payloadOf(token: string): Buffer {
  return Buffer.from(token.split('.')[1] ?? '', 'base64url');
}

/** What roles carry, as it comes with grants: whose word for it counts, and what holds while it is not known. */
import {
  defineConfig,
  newId,
  Refusal,
  type GrantRequest,
  type KeyId,
  type PermissionOf,
} from '@portcullis/contracts';
import { grantRequest } from '@portcullis/contracts/schemas';
import { createTestIssuer, type TestIssuer } from '@portcullis/testkit';
import { generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createGuard } from '../src/guard/index.ts';
import {
  createVerifier,
  systemClock,
  type Clock,
  type RevocationFeed,
  type Verifier,
  type WhenStale,
} from '../src/index.ts';

const CONFIG = defineConfig({
  number: 1,
  permissions: ['orders:read', 'orders:refund'],
  roles: { clerk: ['orders:read'], manager: ['orders:read', 'orders:refund', 'users:read'] },
});
type Permission = PermissionOf<typeof CONFIG>;
const DAY_S = 86_400;

let issuer: TestIssuer;
let verifier: Verifier<Permission>;
let later: number;
let clock: Clock;
let set: readonly JsonWebKey[] | undefined;
let restored: () => void;
/** The key of tokens; the present one unless given. */
let signer: KeyId | undefined;

beforeEach(async () => {
  later = 0;
  signer = undefined;
  const [monotonic, wall] = [systemClock.monotonic(), systemClock.wall()];
  clock = { ...systemClock, monotonic: () => monotonic + later, wall: () => wall + later };
  issuer = await createTestIssuer({ now: () => Math.floor(wall + later) });
  issuer.revocations.maxStalenessMs = 300_000;
  set = [issuer.publicJwk()];
  verifier = await startVerifier();
});
afterEach(async () => {
  await verifier[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});

async function startVerifier(
  whenStale?: WhenStale,
  given?: RevocationFeed,
): Promise<Verifier<Permission>> {
  const feed = given ?? issuer.revocations.feed();
  const started = await createVerifier<Permission>({
    issuer: issuer.issuer,
    audience: issuer.audience,
    service: 'test',
    clock,
    ...(whenStale === undefined ? {} : { whenStale }),
    fetch: async () => {
      if (set === undefined) throw new Error('away');
      return Response.json({ keys: set });
    },
    feed: {
      ...feed,
      open: async (listener, service) => {
        restored = () => listener.restored();
        await feed.open(listener, service);
      },
    },
  });
  await started.ready();
  return started;
}

/** Has been asked for, and taken, when this resolves. */
async function grant(): Promise<void> {
  const before = verifier.stats().grants;
  restored();
  await expect.poll(() => verifier.stats().grants, { interval: 2 }).toBeGreaterThan(before);
}

interface Saying {
  by?: KeyId;
  number?: number;
  header?: object;
  claims?: object;
}

const text = (value: unknown) => JSON.stringify(value);

/** A document of the issuer; what is given replaces members. */
function document({ by = issuer.kid, number = 1, header, claims }: Saying = {}): string {
  const iat = Math.floor(clock.wall() / 1_000);
  const { permissions, roles } = CONFIG;
  return issuer.signRaw(
    text({ alg: 'ES256', typ: 'portcullis-access+jwt', kid: by, ...header }),
    text({ iss: issuer.issuer, iat, exp: iat + DAY_S, number, permissions, roles, ...claims }),
    by,
  );
}

async function grantWith(saying: Saying, number = saying.number ?? 1): Promise<void> {
  issuer.revocations.access = { number, document: document(saying) };
  await grant();
}

/** What a guard says to a user with these roles, over a token that is bought anew. */
async function answer(roles: string[], permission: Permission, scope?: string): Promise<string> {
  const guard = createGuard(verifier, { require: { permission } });
  const token = await issuer.mint({ roles, scope }, signer === undefined ? {} : { kid: signer });
  try {
    await guard.authenticate({ headers: { authorization: `Bearer ${token}` } });
    return 'accepted';
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

describe('a mapping of roles', () => {
  it('holds from the grant on that brings it, for tokens of before too', async () => {
    const token = await issuer.mint({ roles: ['clerk'] });
    const guard = createGuard(verifier, { require: { permission: 'orders:read' } });
    const ask = () => guard.check({ headers: { authorization: `Bearer ${token}` } });
    expect((await ask()).refusal?.code).toBe('insufficient_scope');
    issuer.declare(CONFIG);
    await grant();
    expect((await ask()).refusal).toBeUndefined();
    expect(await answer(['clerk'], 'orders:refund')).toBe('insufficient_scope');
    expect(await answer(['manager'], 'users:read')).toBe('accepted');
    expect(await answer(['admin'], 'orders:refund')).toBe('accepted');
    expect(await answer(['clerk', 'owner'], 'orders:read')).toBe('accepted');

    issuer.declare({ ...CONFIG, roles: { ...CONFIG.roles, clerk: ['orders:refund'] } });
    await grant();
    expect((await ask()).refusal?.code).toBe('insufficient_scope');
  });

  it('is said to be enforced as soon as it is', async () => {
    issuer.declare(CONFIG);
    await grant();
    await expect.poll(() => [...issuer.revocations.enforced.values()]).toEqual([1]);
    issuer.declare(CONFIG);
    await grant();
    await expect.poll(() => [...issuer.revocations.enforced.values()]).toEqual([2]);
  });

  it('that is another one ends what was opened by the one before, which may be opened again', async () => {
    issuer.declare(CONFIG);
    await grant();
    const token = await issuer.mint({ roles: ['clerk'] });
    const request = { headers: { authorization: `Bearer ${token}` } };
    const guard = createGuard(verifier, { require: { permission: 'orders:read' } });
    const first = await guard.watch(request);
    // The same mapping, signed anew and under the next number, takes nothing away.
    issuer.declare(CONFIG);
    await grant();
    expect(first.signal.aborted).toBe(false);
    issuer.declare({ ...CONFIG, roles: { ...CONFIG.roles, keeper: ['orders:read'] } });
    await grant();
    expect(first.signal.reason).toMatchObject({ code: 'unavailable' });
    const second = await guard.watch(request);
    issuer.declare({ ...CONFIG, roles: { clerk: ['orders:refund'] } });
    await grant();
    expect(second.signal.aborted).toBe(true);
    await expect(guard.watch(request)).rejects.toMatchObject({ code: 'insufficient_scope' });
  });

  it('never goes back to a lower number', async () => {
    await grantWith({ number: 5 });
    await grantWith({ number: 4, claims: { roles: { clerk: ['orders:refund'] } } });
    expect(await answer(['clerk'], 'orders:read')).toBe('accepted');
    expect(await answer(['clerk'], 'orders:refund')).toBe('insufficient_scope');
  });

  it('gives our own roles what they always carry, and no more', async () => {
    const roles = { support: ['keys:write'], admin: ['users:read'] };
    await grantWith({ claims: { roles } });
    expect(await answer(['support'], 'keys:write')).toBe('insufficient_scope');
    expect(await answer(['admin'], 'keys:write')).toBe('accepted');
  });

  it('is not asked for where the issuer knows none: our own hold, unknown roles carry nothing', async () => {
    await grant();
    expect(issuer.revocations.enforced.size).toBe(0);
    expect(await answer(['support'], 'users:read')).toBe('accepted');
    expect(await answer(['clerk'], 'orders:read')).toBe('insufficient_scope');
    expect(await answer(['clerk', 'support'], 'users:read')).toBe('accepted');
  });
});

describe('an issuer of a release before', () => {
  it('is unknown by a grant that names none after one that did', async () => {
    issuer.declare(CONFIG);
    await grant();
    expect(await answer(['clerk'], 'orders:read')).toBe('accepted');
    const { access } = issuer.revocations;
    issuer.revocations.access = undefined;
    await grant();
    expect(await answer(['clerk'], 'orders:read')).toBe('unavailable');
    expect(await answer([], 'orders:read')).toBe('unavailable');
    expect(await answer(['support'], 'users:read')).toBe('accepted');
    expect(await answer(['admin'], 'keys:write')).toBe('accepted');
    await grant();
    expect(await answer(['clerk'], 'orders:read')).toBe('unavailable');
    issuer.revocations.access = access;
    await grant();
    expect(await answer(['clerk'], 'orders:read')).toBe('accepted');
  });
});

describe('a document that does not count', () => {
  const otherKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
  const cases: [string, () => Saying][] = [
    ['of another type', () => ({ header: { typ: 'at+jwt' } })],
    ['of the type of a vouch', () => ({ header: { typ: 'portcullis-key+jwt' } })],
    ['with a header of more members', () => ({ header: { nonce: 'x' } })],
    ['with a key in its header', () => ({ header: { jwk: otherKey().export({ format: 'jwk' }) } })],
    ['without an algorithm', () => ({ header: { alg: 'none' } })],
    ['of another issuer', () => ({ claims: { iss: 'https://other.test' } })],
    ['that has expired', () => ({ claims: { iat: 1_000, exp: 2_000 } })],
    ['that lives for longer than a day', () => ({ claims: { exp: clockSeconds() + 2 * DAY_S } })],
    ['of the future', () => ({ claims: { iat: clockSeconds() + 60, exp: clockSeconds() + 120 } })],
    ['of a number that is none', () => ({ claims: { number: 1.5 } })],
    ['of a number beyond all', () => ({ claims: { number: 2 ** 31 } })],
    ['without roles', () => ({ claims: { roles: undefined } })],
    ['with a role that carries no list', () => ({ claims: { roles: { clerk: 'orders:read' } } })],
  ];
  const clockSeconds = () => Math.floor(clock.wall() / 1_000);

  it.each(cases)('%s: nothing that it decides is answered', async (_, saying) => {
    await grantWith(saying(), 1);
    expect(await answer(['clerk'], 'orders:read')).toBe('unavailable');
    expect(await answer(['support'], 'orders:read')).toBe('unavailable');
    expect(await answer(['clerk'], 'users:read')).toBe('unavailable');
    // What no document decides is answered as ever.
    expect(await answer(['support'], 'users:read')).toBe('accepted');
    expect(await answer(['support'], 'keys:write')).toBe('insufficient_scope');
    expect(verifier.access.permissionsOf('support')?.has('users:read')).toBe(true);

    await grantWith({ number: 2 });
    expect(await answer(['clerk'], 'orders:read')).toBe('accepted');
  });

  it('may do later, where it is of the future by a clock that lags', async () => {
    const iat = clockSeconds() + 60;
    await grantWith({ claims: { iat, exp: iat + 600 } });
    expect(await answer(['clerk'], 'orders:read')).toBe('unavailable');
    later += 60_000;
    await grant();
    expect(await answer(['clerk'], 'orders:read')).toBe('accepted');
  });

  it('is one whose signature is not that of its key', async () => {
    const [header = '', payload = ''] = document().split('.');
    const [, , signature = ''] = document({ number: 2 }).split('.');
    issuer.revocations.access = { number: 1, document: `${header}.${payload}.${signature}` };
    await grant();
    expect(await answer(['clerk'], 'orders:read')).toBe('unavailable');
  });

  it('leaves nothing of the one before, where a later one was named', async () => {
    await grantWith({ number: 1 });
    expect(await answer(['clerk'], 'orders:read')).toBe('accepted');
    await grantWith({ number: 2, claims: { iss: 'https://other.test' } });
    expect(await answer(['clerk'], 'orders:read')).toBe('unavailable');
    expect(await answer(['admin'], 'keys:write')).toBe('accepted');
    await grantWith({ number: 2 });
    expect(await answer(['clerk'], 'orders:read')).toBe('accepted');
  });
});

describe('the key of a document', () => {
  it('may come with the key set after it', async () => {
    signer = issuer.kid;
    const fresh = await issuer.rotate();
    later += 5_001;
    await grantWith({ by: fresh });
    expect(await answer(['clerk'], 'orders:read')).toBe('unavailable');
    expect(await answer(['support'], 'users:read')).toBe('accepted');
    set = [issuer.publicJwk(signer), issuer.publicJwk(fresh)];
    later += 5_001;
    await grant();
    await expect.poll(() => answer(['clerk'], 'orders:read')).toBe('accepted');
    // Receipts do not wait for the next grant that is due.
    await expect.poll(() => [...issuer.revocations.enforced.values()]).toEqual([1]);
  });

  it('is never one that is only vouched for', async () => {
    const first = issuer.kid;
    const second = await issuer.rotate();
    const iat = Math.floor(clock.wall() / 1_000);
    issuer.revocations.keys = [
      issuer.signRaw(
        text({ alg: 'ES256', typ: 'portcullis-key+jwt', kid: first }),
        text({ iss: issuer.issuer, iat, exp: iat + DAY_S, jwk: issuer.publicJwk(second) }),
        first,
      ),
    ];
    set = undefined;
    later += 5_001;
    signer = first;
    await grantWith({ by: second });
    expect(await answer(['support'], 'users:read')).toBe('accepted');
    expect(await answer(['clerk'], 'orders:read')).toBe('unavailable');
    await grantWith({ by: first, number: 2 });
    expect(await answer(['clerk'], 'orders:read')).toBe('accepted');
  });

  it('takes it along when it is killed, and its number, until another has signed it', async () => {
    const thief = issuer.kid;
    const fresh = await issuer.rotate();
    set = [issuer.publicJwk(thief), issuer.publicJwk(fresh)];
    later += 5_001;
    await answer([], 'users:read');
    const everything = { clerk: ['orders:read', 'orders:refund', 'keys:write'] };
    await grantWith({ by: thief, number: 2_147_483_647, claims: { roles: everything } });
    expect(await answer(['clerk'], 'keys:write')).toBe('accepted');

    issuer.revocations.access = { number: 3, document: document({ by: fresh, number: 3 }) };
    issuer.revocations.revoke({ kind: 'key', key: thief });
    expect(await answer(['clerk'], 'keys:write')).not.toBe('accepted');
    await expect.poll(() => answer(['clerk'], 'orders:read')).toBe('accepted');
    expect(await answer(['clerk'], 'keys:write')).toBe('insufficient_scope');
  });

  it('may go out of the set, and another may sign the same number', async () => {
    const first = issuer.kid;
    const second = await issuer.rotate();
    set = [issuer.publicJwk(first), issuer.publicJwk(second)];
    later += 5_001;
    await answer([], 'users:read');
    await grantWith({ by: first, number: 3 });
    // Not asked for by this verifier, which enforces the number; one that is sent all the same is taken.
    issuer.revocations.access = { number: 4, document: document({ by: second, number: 3 }) };
    await grant();
    issuer.revocations.access = { number: 3 };
    await grant();
    issuer.revocations.revoke({ kind: 'key', key: first });
    expect(await answer(['clerk'], 'orders:read')).toBe('accepted');
  });
});

describe('a verifier that is stale', () => {
  it('is not known by introspection: what roles carry may have changed since', async () => {
    issuer.declare(CONFIG);
    await verifier[Symbol.asyncDispose]();
    verifier = await startVerifier({ policy: 'introspect', introspect: async () => true });
    expect(await answer(['clerk'], 'orders:read')).toBe('accepted');
    issuer.revocations.answers = false;
    later += 300_001;
    expect(await answer(['clerk'], 'orders:read')).toBe('unavailable');
    expect(await answer(['support'], 'users:read')).toBe('accepted');
    issuer.revocations.answers = true;
    restored();
    await expect.poll(() => answer(['clerk'], 'orders:read')).toBe('accepted');
  });

  it('goes by what it had where its policy is to accept', async () => {
    issuer.declare(CONFIG);
    await verifier[Symbol.asyncDispose]();
    verifier = await startVerifier({ policy: 'accept', iAcceptRevokedTokens: true });
    issuer.revocations.answers = false;
    later += 300_001;
    expect(await answer(['clerk'], 'orders:read')).toBe('accepted');
    expect(await answer(['clerk'], 'orders:refund')).toBe('insufficient_scope');
  });
});

describe('another log', () => {
  it('takes the mapping along: what the issuer said before cannot be vouched for', async () => {
    await grantWith({ number: 7 });
    issuer.revocations.newEpoch();
    issuer.revocations.access = { number: 3, document: document({ number: 3 }) };
    restored();
    await expect.poll(() => verifier.state).toBe('LIVE');
    await expect.poll(() => answer(['clerk'], 'orders:read')).toBe('accepted');
    await expect.poll(() => [...issuer.revocations.enforced.values()]).toContain(3);
  });
});

describe('a scope in the token of a user', () => {
  beforeEach(async () => {
    issuer.declare(CONFIG);
    await grant();
  });

  it('narrows, and gives nothing', async () => {
    expect(await answer(['manager'], 'orders:refund', 'orders:read')).toBe('insufficient_scope');
    expect(await answer(['manager'], 'orders:read', 'orders:read users:read')).toBe('accepted');
    expect(await answer(['manager'], 'users:read', '')).toBe('insufficient_scope');
    expect(await answer(['clerk'], 'orders:refund', 'orders:refund')).toBe('insufficient_scope');
    expect(await answer(['admin'], 'keys:write', 'orders:read')).toBe('insufficient_scope');
  });

  it('lets no user in where a scope is required, unless the guard says so', async () => {
    const require = { scope: 'orders:read' } as const;
    const outcome = async (required: object, token: string) => {
      const guard = createGuard(verifier, JSON.parse(JSON.stringify({ require: required })));
      const checked = await guard.check({ headers: { authorization: `Bearer ${token}` } });
      return checked.refusal?.code ?? 'accepted';
    };
    const scope = 'orders:read';
    const ofClient = await issuer.mintMachine({ scope });
    const clerk = await issuer.mint({ roles: ['clerk'] });
    const narrowed = await issuer.mint({ roles: ['clerk'], scope });
    const other = await issuer.mint({ roles: ['clerk'], scope: 'users:read' });
    const withoutRole = await issuer.mint({ roles: [], scope });
    const users = { ...require, users: true };
    expect(
      await Promise.all([ofClient, clerk, narrowed].map((token) => outcome(require, token))),
    ).toEqual(['accepted', 'insufficient_scope', 'insufficient_scope']);
    const all = [ofClient, clerk, narrowed, other, withoutRole];
    expect(await Promise.all(all.map((token) => outcome(users, token)))).toEqual([
      'accepted',
      'accepted',
      'accepted',
      'insufficient_scope',
      'insufficient_scope',
    ]);
    // A scope that is no permission is one of clients alone.
    const reports = { scope: 'reports', users: true };
    expect(await outcome(reports, await issuer.mint({ roles: ['admin'], scope: 'reports' }))).toBe(
      'insufficient_scope',
    );
    expect(await outcome({ role: 'clerk' }, clerk)).toBe('accepted');
    expect(await outcome({ role: 'clerk' }, narrowed)).toBe('insufficient_scope');
  });
});

it('an unknown role costs no token', async () => {
  const odd = ['owner', 'Night Shift', 'constructor', 'x'.repeat(64)];
  const token = await issuer.mint({ roles: odd, sid: newId('ses') });
  expect(await verifier.verify(token)).toMatchObject({ roles: odd });
});

describe('which mapping is enforced', () => {
  const feedOf = (answers: (asked: GrantRequest, count: number) => boolean) => {
    const feed = issuer.revocations.feed();
    const asked: GrantRequest[] = [];
    return {
      asked,
      feed: {
        ...feed,
        request: async (request: GrantRequest, timeoutMs: number) => {
          asked.push(grantRequest.parse(request));
          if (!answers(request, asked.length)) throw new Error('not answered');
          return await feed.request(request, timeoutMs);
        },
      },
    };
  };
  const settle = async () => {
    const grants = verifier.stats().grants;
    restored();
    await expect.poll(() => verifier.stats().grants).toBeGreaterThan(grants);
    await new Promise((resolve) => setTimeout(resolve, 50));
  };

  it('is said once for each change, and again where it may not have been heard', async () => {
    issuer.declare(CONFIG);
    await verifier[Symbol.asyncDispose]();
    let loses = false;
    const { feed, asked } = feedOf(({ access }) => !(loses && access !== undefined));
    verifier = await startVerifier(undefined, feed);
    await settle();
    expect(asked.map(({ access }) => access).filter((said) => said !== undefined)).toEqual([1]);
    for (let more = 0; more < 3; more += 1) await settle();
    expect(asked.map(({ access }) => access).filter((said) => said !== undefined)).toEqual([1]);
    issuer.declare(CONFIG);
    loses = true;
    await settle();
    loses = false;
    await settle();
    await settle();
    expect(asked.at(-1)?.access).toBeUndefined();
    expect([...issuer.revocations.enforced.values()]).toEqual([2]);
  });

  it('is never said to an issuer of before', async () => {
    await verifier[Symbol.asyncDispose]();
    const { feed, asked } = feedOf(() => true);
    verifier = await startVerifier(undefined, feed);
    for (let more = 0; more < 3; more += 1) await settle();
    expect(asked.length).toBeGreaterThan(3);
    expect(asked.every((question) => !('access' in question))).toBe(true);
  });
});

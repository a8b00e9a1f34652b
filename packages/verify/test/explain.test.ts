/** What a verifier explains of a token is what it does with it, step by step, and nothing is changed by it. */
import { newId, Refusal } from '@portcullis/contracts';
import { testSeed } from '@portcullis/testbed';
import {
  createForge,
  createTestIssuer,
  HOSTILE_TOKENS,
  LEGITIMATE_TOKENS,
  revocationsOf,
  seededRandom,
  type Forge,
  type TestIssuer,
} from '@portcullis/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createGuard } from '../src/guard/index.ts';
import {
  createVerifier,
  systemClock,
  type Explanation,
  type Verifier,
  type VerifierOptions,
} from '../src/index.ts';

const made: AsyncDisposable[] = [];

async function start(options: Partial<VerifierOptions> = {}, answers = true) {
  const issuer = await createTestIssuer();
  issuer.revocations.answers = answers;
  let [later, ahead] = [0, 0];
  const verifier = await createVerifier({
    issuer: issuer.issuer,
    audience: issuer.audience,
    service: 'test',
    feed: issuer.revocations.feed(),
    onProblem: () => undefined,
    clock: {
      monotonic: () => systemClock.monotonic() + later,
      wall: () => systemClock.wall() + later + ahead,
      after: (milliseconds, callback) => systemClock.after(milliseconds, callback),
    },
    ...options,
  });
  made.push(issuer, verifier);
  if (answers) await verifier.ready();
  const fallSilent = () => {
    issuer.revocations.answers = false;
    later += issuer.revocations.maxStalenessMs + 1;
  };
  return { issuer, verifier, fallSilent, setAhead: (ms: number) => void (ahead = ms) };
}

/** That both say the same, and that the explanation changes nothing and repeats no secret. */
async function agreed(verifier: Verifier, token: string): Promise<Explanation> {
  const counted = () => {
    const { accepted, refused, reasons, cached, watched } = verifier.stats();
    return { accepted, refused, reasons, cached, watched };
  };
  const before = counted();
  const explained = await verifier.explain(token);
  expect(counted()).toEqual(before);
  const refusal = await verifier.verify(token).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (refusal !== undefined) expect(refusal).toBeInstanceOf(Refusal);
  const none = { code: undefined, reason: undefined };
  const { code, reason } = refusal instanceof Refusal ? refusal : none;
  expect(explained).toMatchObject({
    outcome: refusal === undefined ? 'accepted' : 'refused',
    code,
    reason,
  });
  expect(explained.next === undefined).toBe(refusal === undefined);
  // The step that decided says so.
  const reasons = Object.values(explained.steps).flatMap((step) => step.reason ?? []);
  if (reason !== undefined) expect(reasons).toContain(reason);
  expectNoSecret(explained, token);
  return explained;
}

function expectNoSecret(explained: Explanation, token: unknown): void {
  const text = JSON.stringify(explained);
  if (typeof token !== 'string') return;
  const [, payload = '', signature = ''] = token.split('.');
  for (const secret of [token, payload, signature]) {
    // What is shorter may well be a part of anything.
    if (secret.length > 40) expect(text).not.toContain(secret);
  }
}

describe('of the tokens of the testkit', () => {
  let issuer: TestIssuer;
  let verifier: Verifier;
  let forge: Forge;

  beforeAll(async () => {
    issuer = await createTestIssuer();
    issuer.revocations.maxStalenessMs = 60_000;
    forge = await createForge(issuer);
    verifier = await createVerifier({
      issuer: issuer.issuer,
      audience: issuer.audience,
      service: 'test',
      feed: issuer.revocations.feed(),
    });
    await verifier.ready();
  });
  afterAll(async () => {
    await verifier[Symbol.asyncDispose]();
    await issuer[Symbol.asyncDispose]();
  });

  it.each(HOSTILE_TOKENS)('it refuses $group: $name', async ({ make }) => {
    const explained = await agreed(verifier, make(forge));
    expect(explained.outcome).toBe('refused');
  });

  it.each(LEGITIMATE_TOKENS)('it accepts $name', async ({ make }) => {
    const { steps, claims } = await agreed(verifier, make(forge));
    for (const { outcome } of Object.values(steps)) expect(outcome).toBe('holds');
    expect(claims).toMatchObject({ iss: issuer.issuer });
  });

  it('asks the issuer for nothing, but for the one key that might be new', async () => {
    const before = issuer.jwksRequests;
    for (const { name, make } of HOSTILE_TOKENS) {
      if (name !== 'kid of the right form, of no key') await verifier.explain(make(forge));
    }
    expect(issuer.jwksRequests).toBe(before);
  });
});

afterEach(async () => {
  for (const each of made.splice(0).toReversed()) await each[Symbol.asyncDispose]();
});

const now = (): number => Math.floor(Date.now() / 1_000);
type Parts = { header: Record<string, unknown>; claims: Record<string, unknown> };

/** Each alone is a reason to refuse. */
const FAULTS: readonly ((parts: Parts) => void)[] = [
  ({ header }) => (header['typ'] = 'JWT'),
  ({ header }) => (header['alg'] = 'HS256'),
  ({ header }) => (header['jku'] = 'https://a.test'),
  ({ header }) => (header['kid'] = newId('key')),
  ({ claims }) => (claims['iss'] = 'https://a.test'),
  ({ claims }) => (claims['aud'] = 'urn:other'),
  ({ claims }) => (claims['amr'] = 'pwd'),
  ({ claims }) => (claims['exp'] = now() + 9_000),
  ({ claims }) => Object.assign(claims, { iat: now() - 900, exp: now() - 300 }),
  ({ claims }) => (claims['nbf'] = now() + 300),
  ({ claims }) => (claims['cnf'] = { jkt: 'A'.repeat(43) }),
];

it(`of any faults at once it names the one that decides (seed ${testSeed()})`, async () => {
  const random = seededRandom(testSeed());
  const { issuer, verifier } = await start();
  issuer.revocations.maxStalenessMs = 60_000;
  const sid = newId('ses');
  issuer.revocations.revoke({ kind: 'session', key: sid });
  const good = await issuer.mint();
  const claims = JSON.parse(Buffer.from(good.split('.')[1] ?? '', 'base64url').toString());
  const reasons = new Set<string | undefined>();
  for (let round = 0; round < 400; round += 1) {
    const parts: Parts = {
      header: { alg: 'ES256', typ: 'at+jwt', kid: issuer.kid },
      claims: { ...claims, jti: newId('tok') },
    };
    if (random() < 0.2) parts.claims['sid'] = sid;
    for (const spoil of FAULTS) if (random() < 0.12) spoil(parts);
    let token = issuer.signRaw(JSON.stringify(parts.header), JSON.stringify(parts.claims));
    if (random() < 0.15) token = `${token.slice(0, -8)}AAAAAAAA`;
    reasons.add((await agreed(verifier, token)).reason);
  }
  expect(reasons.size).toBeGreaterThanOrEqual(10);
}, 60_000);

it('shows what is compared with each kind of revocation', async () => {
  const { issuer, verifier } = await start();
  const keyToKill = issuer.kid;
  await issuer.rotate();
  for (const { kind, token, revocation } of await revocationsOf(issuer, keyToKill)) {
    const before = await agreed(verifier, token);
    expect(
      before.steps.revocation.kinds.some(({ refuses }) => refuses),
      kind,
    ).toBe(false);
    issuer.revocations.revoke(revocation);
    const { steps } = await agreed(verifier, token);
    const found = steps.revocation.kinds.filter(({ refuses }) => refuses);
    const generation = 'generation' in revocation ? revocation.generation : undefined;
    expect(found, kind).toMatchObject([{ kind, key: revocation.key }]);
    expect(found[0]?.least).toBe(generation);
    if (generation !== undefined) expect(found[0]?.generation).toBe(generation - 1);
  }
});

describe('what is unknown is said to be unknown', () => {
  it('before the first grant', async () => {
    const { issuer, verifier } = await start({}, false);
    const { steps, reason } = await agreed(verifier, await issuer.mint());
    expect(reason).toBe('not_ready');
    expect(steps.signature.outcome).toBe('holds');
    expect(steps.freshness).toMatchObject({ outcome: 'unknown', state: 'SYNCING', leftMs: 0 });
    expect(steps.time).toMatchObject({ outcome: 'unknown', issuerNowMs: undefined });
    expect(steps.revocation.outcome).toBe('unknown');
    expect(steps.revocation.kinds).toHaveLength(8);
  });

  it('of a key, while the key set cannot be had', async () => {
    const fetch = () => Promise.reject(new Error('no way there'));
    const { issuer, verifier } = await start({ fetch }, false);
    const { steps, reason } = await agreed(verifier, await issuer.mint());
    expect(reason).toBe('key_set_unavailable');
    expect(steps.key).toMatchObject({ outcome: 'unknown', kid: issuer.kid, killed: false });
    expect(steps.key.keySet.lastFetch).toBe('failed');
    expect(steps.signature).toEqual({ outcome: 'unknown' });
  });

  it('of revocations, while stale; and what is known to be revoked stays so', async () => {
    const { issuer, verifier, fallSilent } = await start();
    const sid = newId('ses');
    issuer.revocations.revoke({ kind: 'session', key: sid });
    const [good, ended] = [await issuer.mint(), await issuer.mint({ sid })];
    fallSilent();
    const one = await agreed(verifier, good);
    expect([one.reason, one.steps.revocation.outcome]).toEqual(['stale', 'unknown']);
    const other = await agreed(verifier, ended);
    expect([other.reason, other.steps.revocation.outcome]).toEqual(['stale', 'fails']);
  });

  it('of claims that cannot be read, and whatever hangs on them', async () => {
    const { verifier } = await start();
    for (const token of ['', 'x', 'a.b.c', '..', 'x'.repeat(10_000), 7 as never]) {
      const { steps, claims } = await agreed(verifier, token);
      expect(claims).toBeUndefined();
      const { form, freshness, ...others } = steps;
      expect([form.outcome, freshness.outcome]).toEqual(['fails', 'holds']);
      for (const { outcome } of Object.values(others)) expect(outcome).toBe('unknown');
    }
  });
});

describe('by its policy while stale', () => {
  it('accept: as it does, by the clock of this machine', async () => {
    const whenStale = { policy: 'accept', iAcceptRevokedTokens: true } as const;
    const { issuer, verifier, fallSilent } = await start({ whenStale });
    const sid = newId('ses');
    issuer.revocations.revoke({ kind: 'session', key: sid });
    const tokens = [
      await issuer.mint(),
      await issuer.mint({ sid }),
      await issuer.mint({ iat: now() - 60, exp: now() - 1, auth_time: now() - 60 }),
      await issuer.mint({ cnf: { jkt: 'A'.repeat(43) } }),
    ];
    fallSilent();
    const outcomes = [];
    for (const token of tokens) outcomes.push((await agreed(verifier, token)).reason);
    expect(outcomes).toEqual([undefined, 'stale', 'stale', 'proof_missing']);
  });

  it('introspect: not decided here, and auth is not asked', async () => {
    let asked = 0;
    const introspect = async () => {
      asked += 1;
      return true;
    };
    const { issuer, verifier, fallSilent } = await start({
      whenStale: { policy: 'introspect', introspect },
    });
    const sid = newId('ses');
    issuer.revocations.revoke({ kind: 'session', key: sid });
    const [good, ended] = [await issuer.mint(), await issuer.mint({ sid })];
    await agreed(verifier, good);
    fallSilent();
    const undecided = { outcome: 'undecided', reason: undefined, code: undefined };
    expect(await verifier.explain(good)).toMatchObject(undecided);
    expect((await agreed(verifier, ended)).reason).toBe('stale');
    expect(asked).toBe(0);
  });
});

it('shows by how much the clocks differ, and how long the token has left', async () => {
  const { issuer, verifier, setAhead } = await start();
  const token = await issuer.mint();
  const { steps } = await agreed(verifier, token);
  expect(steps.time.expiresInMs).toBeGreaterThan(590_000);
  expect(steps.time.expiresInMs).toBeLessThanOrEqual(602_000);
  expect(Math.abs(steps.time.aheadMs ?? Number.NaN)).toBeLessThan(1_000);
  // Too little for the two clocks of this machine to have come apart.
  setAhead(900);
  const later = await verifier.explain(token);
  expect((later.steps.time.aheadMs ?? 0) - (steps.time.aheadMs ?? 0)).toBeGreaterThan(800);
});

it('shows what was said and what is expected, also where nothing of it is proven', async () => {
  const { issuer, verifier } = await start({ maxTokenLifeSeconds: 60 });
  const forge = await createForge(issuer);
  const claims = { ...forge.claims, aud: 'urn:other' };
  const {
    steps,
    reason,
    next,
    claims: shown,
  } = await agreed(verifier, forge.signWithForeignKey(forge.header, claims));
  expect(reason).toBe('other_audience');
  expect(steps.audience).toMatchObject({ said: 'urn:other', expected: issuer.audience });
  expect(next).toContain(
    `the token is for "urn:other", and this verifier for "${issuer.audience}"`,
  );
  for (const word of ['typo', '`resource`', 'npm run service -- list', 'PORTCULLIS_AUDIENCES']) {
    expect(next).toContain(word);
  }
  expect(steps.life).toMatchObject({ outcome: 'fails', seconds: 600, maxSeconds: 60 });
  // The key is known by now, if the verifier has met it.
  expect(steps.signature.outcome).not.toBe('holds');
  expect(shown).toEqual(claims);
});

it('names the audience that was probably meant, where it is another by a letter or two', async () => {
  const { issuer, verifier } = await start();
  const typo = issuer.audience.slice(0, -2) + issuer.audience.slice(-1);
  const near = await agreed(verifier, await issuer.mint({ aud: ['urn:other', typo] }));
  expect(near.next).toContain(
    `this verifier for "${issuer.audience}", which is nearly "${typo}": mend`,
  );
  const far = await agreed(verifier, await issuer.mint({ aud: 'urn:other' }));
  expect(far.next).toContain(`this verifier for "${issuer.audience}": mend`);
});

it('has nothing of an audience in it that speaks to a terminal', async () => {
  const { issuer, verifier } = await start();
  const { next } = await agreed(
    verifier,
    await issuer.mint({ aud: 'urn:\u001B]0;x\u0007\nother' }),
  );
  expect(next).toContain(String.raw`"urn:\u001b]0;x\u0007\nother"`);
  // eslint-disable-next-line no-control-regex -- these are what must not be there
  expect(next).not.toMatch(/[\u0000-\u001F]/);
});

it('is no part of a guard', async () => {
  const { verifier } = await start();
  const guard = createGuard(verifier, {});
  expect('explain' in guard).toBe(false);
});

/** Tokens that must be refused, each with the same public answer; and those that must not be. */
import { newId, Refusal } from '@portcullis/contracts';
import {
  createForge,
  createTestIssuer,
  HOSTILE_TOKENS,
  LEGITIMATE_TOKENS,
  revocationsOf,
  type Forge,
  type TestIssuer,
} from '@portcullis/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createVerifier, type Verifier } from '../src/index.ts';

let issuer: TestIssuer;
let verifier: Verifier;
let forge: Forge;

beforeAll(async () => {
  issuer = await createTestIssuer();
  // Judging a table without a pause is no reason to go stale.
  issuer.revocations.maxStalenessMs = 60_000;
  forge = await createForge(issuer);
  verifier = await verifierOf(issuer);
});

afterAll(async () => {
  await verifier[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});

async function verifierOf(of: TestIssuer, maxCachedTokens?: number): Promise<Verifier> {
  const made = await createVerifier({
    issuer: of.issuer,
    audience: of.audience,
    service: 'test',
    feed: of.revocations.feed(),
    ...(maxCachedTokens === undefined ? {} : { maxCachedTokens }),
  });
  await made.ready();
  return made;
}

/** All that a caller can tell of the outcome. */
async function answer(
  token: string,
  by: Verifier = verifier,
  ask = (its: Verifier): unknown => its.verify(token),
): Promise<unknown> {
  try {
    await ask(by);
    return 'accepted';
  } catch (error) {
    expect(error).toBeInstanceOf(Refusal);
    if (!(error instanceof Refusal)) return undefined;
    const { status, retryAfter } = error;
    return { ...error.toBody('req'), status, retryAfter, text: String(error) };
  }
}

const atOnce =
  (token: string) =>
  (by: Verifier): unknown =>
    by.verifyMaybeSync(token);

const said = new Refusal('invalid_token');
const refused = {
  ...said.toBody('req'),
  status: 401,
  retryAfter: undefined,
  text: String(said),
};

describe('the table', () => {
  it('is large, and says nothing twice', () => {
    expect(HOSTILE_TOKENS.length).toBeGreaterThanOrEqual(250);
    expect(LEGITIMATE_TOKENS.length).toBeGreaterThanOrEqual(40);
    const tokens = HOSTILE_TOKENS.map(({ make }) => make(forge));
    // Signatures by ECDSA differ each time: what is signed must do.
    const signed = tokens.map((token) => token.slice(0, token.lastIndexOf('.') + 1) || token);
    const names = HOSTILE_TOKENS.map(({ group, name }) => `${group} ${name}`);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(signed).size).toBeGreaterThanOrEqual(250);
  });
});

describe('the verifier refuses, always with the same words,', () => {
  it.each(HOSTILE_TOKENS)('$group: $name', async ({ make }) => {
    const token = make(forge);
    expect(await answer(token)).toEqual(refused);
    // Nor the second time, nor without a promise.
    expect(await answer(token)).toEqual(refused);
    expect(await answer(token, verifier, atOnce(token))).toEqual(refused);
  });

  it('without asking the issuer for anything, but for the one key that might be new', async () => {
    const before = issuer.jwksRequests;
    const fresh = await verifierOf(issuer);
    for (const { name, make } of HOSTILE_TOKENS) {
      if (name !== 'kid of the right form, of no key') await answer(make(forge), fresh);
    }
    expect(issuer.jwksRequests - before).toBe(1); // at its start
    await fresh[Symbol.asyncDispose]();
  });
});

describe('the verifier accepts', () => {
  it.each(LEGITIMATE_TOKENS)('$name', async ({ make }) => {
    const token = make(forge);
    expect(await answer(token)).toBe('accepted');
    expect(await answer(token)).toBe('accepted');
  });

  it.each(['RS256', 'EdDSA'] as const)('what an %s key signed, and nothing else', async (alg) => {
    const own = await createTestIssuer();
    await own.rotate(alg);
    const its = await verifierOf(own);
    const token = await own.mint();
    expect(await answer(token, its)).toBe('accepted');
    for (const other of ['ES256', 'RS256', 'EdDSA', 'PS256', 'HS256', 'none']) {
      if (other === alg) continue;
      const header = JSON.stringify({ alg: other, typ: 'at+jwt', kid: own.kid });
      const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url');
      expect(await answer(own.signRaw(header, payload), its)).toEqual(refused);
    }
    const [head, payload, signature = ''] = token.split('.');
    const cut = Buffer.from(signature, 'base64url').subarray(1).toString('base64url');
    expect(await answer(`${head}.${payload}.${cut}`, its)).toEqual(refused);
    await its[Symbol.asyncDispose]();
    await own[Symbol.asyncDispose]();
  });
});

describe.each([
  ['remembered', undefined],
  ['not remembered', 0],
])('a token that was accepted and %s', (_how, maxCachedTokens) => {
  it('is refused at once after a revocation of any kind', async () => {
    const own = await createTestIssuer();
    const keyToKill = own.kid;
    await own.rotate();
    const its = await verifierOf(own, maxCachedTokens);
    const cases = await revocationsOf(own, keyToKill);
    const bystander = await own.mint({ igen: 9 });
    for (const { token } of cases) {
      expect(await answer(token, its)).toBe('accepted');
      expect(await answer(token, its)).toBe('accepted');
    }
    for (const [at, { name, token, revocation, code }] of cases.entries()) {
      own.revocations.revoke(revocation);
      const expected = code === 'invalid_token' ? refused : { code, status: 401 };
      expect(await answer(token, its), name).toMatchObject(expected);
      expect(() => its.verifyMaybeSync(token), name).toThrow(new Refusal(code).message);
      expect(await answer(bystander, its)).toBe('accepted');
      for (const later of cases.slice(at + 1)) {
        expect(await answer(later.token, its), later.name).toBe('accepted');
      }
    }
    // A key that was killed, met for the first time by a token that no verifier has seen.
    expect(await answer(await own.mint({ igen: 9 }, { kid: keyToKill }), its)).toEqual(refused);
    await its[Symbol.asyncDispose]();
    await own[Symbol.asyncDispose]();
  });

  it('is refused as outdated when its roles have changed', async () => {
    const own = await createTestIssuer();
    const its = await verifierOf(own, maxCachedTokens);
    const sub = newId('usr');
    const token = await own.mint({ sub });
    expect(await answer(token, its)).toBe('accepted');
    own.revocations.revoke({ kind: 'claims_changed', key: sub, generation: 1 });
    expect(await answer(token, its)).toMatchObject({ code: 'token_stale', status: 401 });
    expect(await answer(await own.mint({ sub, gen: 1 }), its)).toBe('accepted');
    await its[Symbol.asyncDispose]();
    await own[Symbol.asyncDispose]();
  });
});

describe('a verifier', () => {
  it('cannot be made without an audience, an issuer, a proper name or a bound', async () => {
    const base = {
      issuer: issuer.issuer,
      audience: 'a',
      service: 'test',
      feed: issuer.revocations.feed(),
    };
    for (const wrong of [
      { audience: '' },
      { issuer: 'nowhere' },
      { service: 'a.b' },
      { maxCachedTokens: -1 },
      { maxCachedTokens: Number.NaN },
    ]) {
      await expect(createVerifier({ ...base, ...wrong })).rejects.toThrow();
    }
    await expect(createVerifier({ ...base, issuer: 'http://example.com' })).rejects.toThrow(
      'https',
    );
  });

  it('gives out claims that one caller cannot change for the others', async () => {
    const token = await issuer.mint({ roles: ['support'] });
    const claims = await verifier.verify(token);
    expect(() => claims.roles?.push('admin')).toThrow(TypeError);
    expect(() => Object.assign(claims, { roles: ['admin'] })).toThrow(TypeError);
    expect((await verifier.verify(token)).roles).toEqual(['support']);
  });
});

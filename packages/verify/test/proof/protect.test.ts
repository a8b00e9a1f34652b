/** A bound token at a verifier, and at a router that is protected by one. */
import { createTestIssuer, type TestIssuer } from '@portcullis/testkit';
import { initTRPC } from '@trpc/server';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGuard, type RequestLike, type TokenCheck } from '../../src/guard/index.ts';
import { createVerifier, type Possession, type Verifier } from '../../src/index.ts';
import { protect, type GuardedContext } from '../../src/trpc/index.ts';

const PUBLIC_URL = 'https://orders.example.com';
const URL_OF_REQUEST = `${PUBLIC_URL}/trpc/mine`;
let issuer: TestIssuer;
let verifier: Verifier;
let token: string;
let unbound: string;
let prove: () => Promise<Possession>;

beforeAll(async () => {
  issuer = await createTestIssuer();
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const jwk = await exportJWK(publicKey);
  token = await issuer.mint({ cnf: { jkt: await calculateJwkThumbprint(jwk) } });
  unbound = await issuer.mint();
  verifier = await createVerifier({
    issuer: issuer.issuer,
    audience: issuer.audience,
    service: 'orders',
    feed: issuer.revocations.feed(),
  });
  await verifier.ready();
  prove = async () => {
    const claims = {
      jti: crypto.randomUUID(),
      htm: 'POST',
      htu: URL_OF_REQUEST,
      iat: Math.floor(Date.now() / 1_000),
      ath: createHash('sha256').update(token).digest('base64url'),
    };
    const proof = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
      .sign(privateKey);
    return { proofs: [proof], method: 'POST', urls: [URL_OF_REQUEST] };
  };
});

afterAll(async () => {
  await verifier[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});

/** It is made before the tests, and after the router. */
function verifierLater(): TokenCheck {
  return { verifyMaybeSync: (...call) => verifier.verifyMaybeSync(...call) };
}

describe('a verifier', () => {
  it('refuses a bound token as a bearer in each of its forms, remembered or not', async () => {
    const invalid = { code: 'invalid_token' };
    for (let round = 0; round < 2; round += 1) {
      await expect(verifier.verify(token)).rejects.toMatchObject(invalid);
      await expect(verifier.verifyWithAssurance(token)).rejects.toMatchObject(invalid);
      await expect(verifier.watch(token)).rejects.toMatchObject(invalid);
      expect(() => verifier.verifyMaybeSync(token)).toThrow();
    }
    expect(verifier.stats().watched).toBe(0);
  });

  it('takes it with a proof of its own for each request', async () => {
    const possession = await prove();
    await expect(verifier.verify(token, { possession })).resolves.toHaveProperty('cnf');
    const { cnf } = await verifier.verify(token, { possession });
    expect(Object.isFrozen(cnf)).toBe(true);
    const replay = { possession: { ...possession } };
    await expect(verifier.verify(token, replay)).rejects.toMatchObject({
      code: 'invalid_dpop_proof',
    });
    await expect(verifier.watch(token, replay)).rejects.toMatchObject({
      code: 'invalid_dpop_proof',
    });
    using watched = await verifier.watch(token, { possession: await prove() });
    expect(watched.signal.aborted).toBe(false);
  });

  it('refuses a token that is bound to nothing with that scheme', async () => {
    const options = { possession: await prove() };
    await expect(verifier.verify(unbound, options)).rejects.toMatchObject({
      code: 'invalid_token',
    });
    await expect(verifier.verify(unbound)).resolves.toBeDefined();
  });
});

describe('a protected router', () => {
  const t = initTRPC.context<GuardedContext>().create();
  const guarded = t.procedure.use(protect(verifierLater(), { publicUrls: [PUBLIC_URL] }));
  const mine = (request: RequestLike) =>
    t
      .router({ mine: guarded.query(({ ctx }) => ctx.token.sub) })
      .createCaller({ request })
      .mine();
  const sent = (scheme: string, sentToken: string, proofs: readonly string[]): RequestLike => ({
    method: 'POST',
    url: '/trpc/mine',
    headers: { authorization: `${scheme} ${sentToken}`, dpop: proofs },
  });

  it.each<[string, () => Promise<RequestLike>, boolean]>([
    ['its scheme and a proof', async () => sent('DPoP', token, (await prove()).proofs), true],
    ['its scheme alone', async () => sent('DPoP', token, []), false],
    ['the scheme of a bearer', async () => sent('Bearer', token, []), false],
    [
      'the scheme of a bearer, and a proof',
      async () => sent('Bearer', token, (await prove()).proofs),
      false,
    ],
  ])('is called by a bound token with %s', async (_, make, taken) => {
    const call = mine(await make());
    if (taken) await expect(call).resolves.toMatch(/^usr_/);
    else await expect(call).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  });

  it('is called by a bearer with an unbound token, whatever proof lies beside it', async () => {
    const { proofs } = await prove();
    await expect(mine(sent('Bearer', unbound, proofs))).resolves.toMatch(/^usr_/);
  });

  it('takes one proof in each form of one request', async () => {
    const raw = { ...sent('DPoP', token, (await prove()).proofs), rawHeaders: [] };
    const { rawHeaders: _, ...framework } = raw;
    for (const form of [raw, { ...framework, raw }, { ...framework, req: raw }]) {
      await expect(mine(form)).resolves.toMatch(/^usr_/);
    }
    await expect(mine({ ...framework, raw: { ...raw } })).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
    });
  });

  it('takes one proof at several guards of one request, each by its own addresses', async () => {
    const request = sent('DPoP', token, (await prove()).proofs);
    const [one, both, other] = [
      [PUBLIC_URL],
      [PUBLIC_URL, 'https://shop.example.com'],
      ['https://shop.example.com'],
    ].map((publicUrls) => createGuard(verifier, { publicUrls }));
    const codes = [];
    for (const guard of [one, both, other, one]) {
      codes.push((await guard?.check(request))?.refusal?.code);
    }
    expect(codes).toEqual([undefined, undefined, 'invalid_dpop_proof', undefined]);
    const again = await both?.check({ ...request });
    expect(again?.refusal?.code).toBe('invalid_dpop_proof');
  });

  it('takes one proof for all the calls of one request, and for no other request', async () => {
    const { proofs } = await prove();
    const request = sent('DPoP', token, proofs);
    await Promise.all([mine(request), mine(request)]);
    await expect(mine({ ...request })).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  });
});

it('takes a router whose context has more, and refuses bound tokens where no address is known', async () => {
  const shop = initTRPC.context<GuardedContext & { shop: string }>().create();
  const router = shop.router({
    mine: shop.procedure
      .use(protect(verifier))
      .query(({ ctx }) => `${ctx.token.sub} at ${ctx.shop}`),
  });
  const call = (authorization: string, dpop: readonly string[] = []) => {
    const request = { method: 'POST', url: '/trpc/mine', headers: { authorization, dpop } };
    return router.createCaller({ request, shop: 'here' }).mine();
  };
  expect(await call(`Bearer ${unbound}`)).toMatch(/^usr_.* at here$/);
  await expect(call(`Bearer ${token}`)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  const { proofs } = await prove();
  await expect(call(`DPoP ${token}`, proofs)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
});

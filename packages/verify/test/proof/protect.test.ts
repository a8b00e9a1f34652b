/** A bound token at a verifier, and at a router that is protected by one. */
import { createTestIssuer, type TestIssuer } from '@portcullis/testkit';
import { initTRPC } from '@trpc/server';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createVerifier, type Possession, type Verifier } from '../../src/index.ts';
import { protect, type AuthorizationContext } from '../../src/trpc/index.ts';

const URL_OF_REQUEST = 'https://orders.example.com/trpc/mine';
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
  const t = initTRPC.context<AuthorizationContext>().create();
  const mine = (context: AuthorizationContext) =>
    t
      .router({ mine: t.procedure.use(protect(verifier)).query(({ ctx }) => ctx.token.sub) })
      .createCaller(context)
      .mine();

  it.each<[string, () => Promise<AuthorizationContext>, boolean]>([
    [
      'its scheme and a proof',
      async () => ({ authorization: `DPoP ${token}`, possession: await prove() }),
      true,
    ],
    ['its scheme alone', async () => ({ authorization: `DPoP ${token}` }), false],
    ['the scheme of a bearer', async () => ({ authorization: `Bearer ${token}` }), false],
    [
      'the scheme of a bearer, and a proof',
      async () => ({ authorization: `Bearer ${token}`, possession: await prove() }),
      false,
    ],
  ])('is called by a bound token with %s', async (_, context, taken) => {
    const call = mine(await context());
    if (taken) await expect(call).resolves.toMatch(/^usr_/);
    else await expect(call).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  });

  it('is called by a bearer with an unbound token, whatever proof lies beside it', async () => {
    const context = { authorization: `Bearer ${unbound}`, possession: await prove() };
    await expect(mine(context)).resolves.toMatch(/^usr_/);
  });
});

it('takes a router whose context has more, and says nothing of proofs', async () => {
  const shop = initTRPC.context<{ authorization: string | undefined; shop: string }>().create();
  const router = shop.router({
    mine: shop.procedure
      .use(protect(verifier))
      .query(({ ctx }) => `${ctx.token.sub} at ${ctx.shop}`),
  });
  const call = (bearer: string) =>
    router.createCaller({ authorization: `Bearer ${bearer}`, shop: 'here' }).mine();
  expect(await call(unbound)).toMatch(/^usr_.* at here$/);
  await expect(call(token)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
});

import { createTestIssuer } from '@portcullis/testkit';
import { createVerifier } from '@portcullis/verify';
import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { ordersRoute } from './route.js';

test('orders are for users whose session lasts', async () => {
  await using issuer = await createTestIssuer({ audience: 'urn:acme:orders' });
  await using verifier = await createVerifier({ ...issuer.verifierOptions(), service: 'orders' });
  await verifier.ready();
  const route = ordersRoute(verifier);
  const ask = async (headers = {}) =>
    (await route(new Request('http://orders.test/', { headers }))).status;

  const ada = await issuer.signIn({ roles: ['support'] });
  equal(await ask(ada.headers), 200);
  equal(await ask(), 401);
  issuer.revoke(ada); // her logout
  equal(await ask(ada.headers), 401);
  for (const state of ['expired', 'revoked', 'stale', 'wrong_audience'] as const) {
    equal(await ask((await issuer.signIn({ state })).headers), 401, state);
  }
  issuer.revocations.answers = false; // NATS and auth are away
  equal(await ask((await issuer.signIn()).headers), 200); // for as long as it may go by what it knows
});

import { createTestClock, createTestIssuer } from '@portcullis/testkit';
import { createVerifier } from '@portcullis/verify';

const clock = createTestClock();
await using issuer = await createTestIssuer({ audience: 'urn:acme:orders', clock });
await using verifier = await createVerifier({ ...issuer.verifierOptions(), service: 'orders' });
await verifier.ready();

const ada = await issuer.signIn({ roles: ['support'] });
await verifier.verify(ada.token); // a request of hers: fetch(url, { headers: ada.headers })
issuer.revoke(ada);
const isRefused = await verifier.verify(ada.token).then(
  () => false,
  () => true,
);
const bob = await issuer.signIn({ state: 'expired' }); // or revoked, stale, wrong_audience
await clock.advance(600_000);
console.log(isRefused, bob.headers.authorization);

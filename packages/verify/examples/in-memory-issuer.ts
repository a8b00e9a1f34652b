import { createTestIssuer } from '@portcullis/testkit';
import { createVerifier } from '@portcullis/verify';

await using issuer = await createTestIssuer({ audience: 'urn:acme:orders' });
await using verifier = await createVerifier({
  issuer: issuer.issuer,
  audience: issuer.audience,
  service: 'orders',
  jwksUrl: issuer.jwksUrl,
  feed: issuer.revocations.feed(),
});
await verifier.ready();
const claims = await verifier.verify(await issuer.mint({ roles: ['support'] }));
console.log(claims.sub);

/** A service whose verifier would refuse every token is not one to send requests to. */
import { createTestIssuer } from '@portcullis/testkit';
import { expect, it } from 'vitest';
import { createRegistry, Verification } from '@portcullis/service';

it.each([
  ['its own name', undefined],
  ['another name', 'https://elsewhere.example'],
])('is ready for an issuer that says %s only if that is its own', async (_what, name) => {
  await using issuer = await createTestIssuer();
  await using verification = new Verification(createRegistry('test'), {});
  const verifier = await verification.start({
    issuer: issuer.issuer,
    audience: issuer.audience,
    service: 'test',
    feed: issuer.revocations.feed(),
    onProblem: () => undefined,
    fetch: async (url, init) =>
      name !== undefined && url.includes('/oauth-authorization-server')
        ? Response.json({ issuer: name })
        : await fetch(url, init),
  });
  await verifier.ready().catch(() => undefined);
  if (name === undefined) expect(verification.readiness.verifier()).toBeUndefined();
  else expect(verification.readiness.verifier).toThrow('the issuer calls itself otherwise');
});

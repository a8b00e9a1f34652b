/** A service whose verifier would refuse every token is not one to send requests to. */
import { createTestClock, createTestIssuer } from '@portcullis/testkit';
import { expect, it } from 'vitest';
import { createLogger, createRegistry, Verification } from '@portcullis/service';

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

it('logs once that it is stale, and once that this is over', async () => {
  const clock = createTestClock();
  await using issuer = await createTestIssuer({ clock });
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const logger = createLogger({ service: 'test', level: 'info', destination });
  await using verification = new Verification(createRegistry('test'), {}, logger);
  const verifier = await verification.start({ ...issuer.verifierOptions(), service: 'test' });
  await verifier.ready();
  issuer.revocations.answers = false;
  await clock.advance(60_000);
  issuer.revocations.answers = true;
  await clock.advance(1_000);
  await expect.poll(() => lines).toHaveLength(2);
  expect(lines).toMatchObject([
    { level: 'warn', problem: 'freshness', msg: expect.stringMatching(/is STALE since .* Fix: /) },
    { level: 'info', problem: 'freshness', msg: expect.stringMatching(/is LIVE again, after 5\d/) },
  ]);
});

/** V4: a key set that cannot be fetched while keys change. */
import { Refusal, type KeyId } from '@portcullis/contracts';
import { createTestIssuer, type TestIssuer } from '@portcullis/testkit';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { createVerifier, systemClock, type Verifier } from '../../src/index.ts';

/** Longer than a verifier pauses between two fetches. */
const PAUSE_MS = 5_001;

const owned: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of owned.splice(0).toReversed()) await one[Symbol.asyncDispose]();
});

interface Surroundings {
  issuer: TestIssuer;
  verifier: Verifier;
  /** Lets time pass for the verifier. */
  pass: (ms: number) => void;
  /** What the address of the key set answers. */
  publish: (...kids: KeyId[]) => void;
  cutOff: () => void;
  /** How often the key set was asked for. */
  asked: () => number;
}

async function surroundings(): Promise<Surroundings> {
  const issuer = await createTestIssuer();
  owned.push(issuer);
  issuer.revocations.maxStalenessMs = 300_000;
  let asked = 0;
  let later = 0;
  let answer = (_response: ServerResponse): void => {};
  const publish = (...kids: KeyId[]): void => {
    const body = JSON.stringify({ keys: kids.map((kid) => issuer.publicJwk(kid)) });
    answer = (response) => void response.end(body);
  };
  publish(issuer.kid);
  const server = createServer((_request, response) => {
    asked += 1;
    answer(response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  owned.push({
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });
  const verifier = await createVerifier({
    issuer: issuer.issuer,
    audience: issuer.audience,
    service: 'test',
    feed: issuer.revocations.feed(),
    jwksUrl: `http://127.0.0.1:${address.port}/jwks`,
    clock: {
      monotonic: () => systemClock.monotonic() + later,
      wall: () => systemClock.wall() + later,
      after: systemClock.after,
    },
  });
  owned.push(verifier);
  await verifier.ready();
  return {
    issuer,
    verifier,
    pass: (ms) => void (later += ms),
    publish,
    cutOff: () => void (answer = (response) => response.destroy()),
    asked: () => asked,
  };
}

async function outcomeOf(verifying: Promise<unknown>): Promise<string> {
  try {
    await verifying;
    return 'accepted';
  } catch (error) {
    if (error instanceof Refusal) return `${error.status} ${error.code}`;
    throw error;
  }
}

it('V4: a token of a key that could not be fetched is answered 503, not 401', async () => {
  const { issuer, verifier, pass, publish, cutOff, asked } = await surroundings();
  const before = issuer.kid;
  const after = await issuer.rotate();
  cutOff();
  for (const round of [1, 2, 3]) {
    pass(PAUSE_MS);
    const token = await issuer.mint();
    const outcomes = [
      await outcomeOf(verifier.verify(token)),
      // Once more, within the pause: no address was asked, and nothing follows from that.
      await outcomeOf(verifier.verify(token)),
      await outcomeOf(verifier.watch(token)),
    ];
    expect(new Set(outcomes), `round ${round}`).toEqual(new Set(['503 unavailable']));
    expect(asked()).toBe(1 + round);
    const known = await issuer.mint({}, { kid: before });
    expect(await outcomeOf(verifier.verify(known))).toBe('accepted');
  }
  publish(before, after);
  pass(PAUSE_MS);
  expect(await outcomeOf(verifier.verify(await issuer.mint()))).toBe('accepted');
});

it('V4: after a key is killed, the key that signs instead is asked for at once', async () => {
  const { issuer, verifier, pass, publish, asked } = await surroundings();
  const stolen = issuer.kid;
  const spare = await issuer.rotate();
  publish(spare);
  // Less than the pause between two fetches.
  pass(1_000);
  issuer.revocations.revoke({ kind: 'key', key: stolen });
  expect(await outcomeOf(verifier.verify(await issuer.mint()))).toBe('accepted');
  expect(asked()).toBe(2);
});

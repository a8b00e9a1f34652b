/** A job that was started with a token ends with it. */
import { newId, Refusal } from '@portcullis/contracts';
import { createTestIssuer } from '@portcullis/testkit';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createVerifier, type Verifier } from '../src/index.ts';

/** Steps that wait with the signal, as `fetch`, timers, streams and child processes can. */
async function longJob(verifier: Verifier, token: string, done: string[]): Promise<void> {
  using watched = await verifier.watch(token);
  const { signal } = watched;
  for (let step = 0; step < 1_000; step += 1) {
    signal.throwIfAborted();
    await sleep(5, undefined, { signal }).catch(() => signal.throwIfAborted());
    done.push(`step ${step}`);
  }
}

it.each([
  ['session', 'invalid_token'],
  ['claims_changed', 'token_stale'],
] as const)('a job stops at once on a revocation of kind %s: %s', async (kind, code) => {
  const issuer = await createTestIssuer();
  const verifier = await createVerifier({
    issuer: issuer.issuer,
    audience: issuer.audience,
    service: 'worker',
    feed: issuer.revocations.feed(),
  });
  await verifier.ready();
  const [sid, sub] = [newId('ses'), newId('usr')];
  const done: string[] = [];
  const job = longJob(verifier, await issuer.mint({ sid, sub }), done).catch((e: unknown) => e);
  await expect.poll(() => done.length).toBeGreaterThan(3);

  issuer.revocations.revoke(
    kind === 'session' ? { kind, key: sid } : { kind, key: sub, generation: 1 },
  );
  const before = done.length;
  const reason = await job;
  // Whatever the clock says meanwhile: not one step more.
  expect(done.length).toBe(before);
  expect(reason).toBeInstanceOf(Refusal);
  expect(reason).toMatchObject({ code });
  await sleep(50);
  expect(done.length).toBe(before);
  expect(verifier.stats().watched).toBe(0);
  await verifier[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});

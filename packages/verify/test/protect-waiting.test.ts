/** A protected procedure that is called with a token by a key that was never heard of. */
import { createTestIssuer } from '@portcullis/testkit';
import { initTRPC } from '@trpc/server';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createVerifier } from '../src/index.ts';
import { protect, type GuardedContext } from '../src/trpc/index.ts';

/** Within which no further fetch of the key set begins. */
const COOLDOWN_MS = 5_000;

it('a protected procedure accepts after a wait for keys what it would accept at once, and nothing else', async () => {
  await using issuer = await createTestIssuer();
  await using verifier = await createVerifier({
    issuer: issuer.issuer,
    audience: issuer.audience,
    service: 'orders',
    feed: issuer.revocations.feed(),
  });
  await verifier.ready();
  const t = initTRPC.context<GuardedContext>().create();
  const router = t.router({
    mine: t.procedure.use(protect(verifier)).query(({ ctx }) => ctx.token.sub),
    all: t.procedure
      .use(protect(verifier, { require: { permission: 'users:read' } }))
      .query(({ ctx }) => ctx.token.sub),
  });
  await sleep(COOLDOWN_MS + 100);
  await issuer.rotate();
  const user = await issuer.mint({ roles: [] });
  const admin = await issuer.mint({ roles: ['admin'] });
  const machine = await issuer.mintMachine();
  const forged = `${user.slice(0, user.lastIndexOf('.'))}${admin.slice(admin.lastIndexOf('.'))}`;
  const caller = (token: string) =>
    router.createCaller({ request: { headers: { authorization: `Bearer ${token}` } } });
  const before = issuer.jwksRequests;

  // All at once: each comes before the key does.
  const [mine, all, byMachine, byPerson, byForger] = await Promise.allSettled([
    caller(user).mine(),
    caller(admin).all(),
    caller(machine).mine(),
    caller(user).all(),
    caller(forged).mine(),
  ]);

  expect(issuer.jwksRequests).toBe(before + 1);
  expect(mine).toMatchObject({ value: expect.stringMatching(/^usr_/) });
  expect(all).toMatchObject({ value: expect.stringMatching(/^usr_/) });
  expect(byMachine).toMatchObject({ reason: { code: 'FORBIDDEN' } });
  expect(byPerson).toMatchObject({ reason: { code: 'FORBIDDEN' } });
  expect(byForger).toMatchObject({ reason: { code: 'UNAUTHORIZED' } });
}, 20_000);

import { isUserClaims, newId } from '@portcullis/contracts';
import { accessTokenClaims, grantReply } from '@portcullis/contracts/schemas';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { expect, test } from 'vitest';
import { createTestIssuer, MemoryRevocations } from '../src/index.ts';

test('its tokens are those of the contracts, and verify by its key set', async () => {
  await using issuer = await createTestIssuer({ audience: 'urn:example' });
  const keys = createRemoteJWKSet(new URL(issuer.jwksUrl));
  const options = { issuer: issuer.issuer, audience: 'urn:example', typ: 'at+jwt' };
  for (const token of [await issuer.mint({ roles: ['support'] }), await issuer.mintMachine()]) {
    const { payload } = await jwtVerify(token, keys, { ...options, algorithms: ['ES256'] });
    expect(accessTokenClaims.safeParse(payload).success).toBe(true);
  }
  expect(isUserClaims(accessTokenClaims.parse(decodeJwt(await issuer.mint())))).toBe(true);
  expect(issuer.jwksRequests).toBe(1);
});

test('a verifier of the same tests gets the key set in this process, and from elsewhere over HTTP', async () => {
  await using issuer = await createTestIssuer();
  await using other = await createTestIssuer();
  const { fetch: fetchKeys } = issuer.verifierOptions();
  const textOf = async (url: string): Promise<string> => {
    const { body } = await fetchKeys(url, { signal: AbortSignal.timeout(10_000) });
    return await new Response(body).text();
  };
  const overHttp = await Promise.all(
    [1, 2, 3].map(async () => (await fetch(issuer.jwksUrl)).text()),
  );
  expect(new Set([await textOf(issuer.jwksUrl), ...overHttp]).size).toBe(1);
  expect(issuer.jwksRequests).toBe(4);
  expect(await textOf(other.jwksUrl)).toContain(other.kid);
  expect(other.jwksRequests).toBe(1);
  expect((await fetchKeys(`${issuer.issuer}/elsewhere`, {})).status).toBe(404);
  const signal = AbortSignal.abort();
  await expect(fetchKeys(issuer.jwksUrl, { signal })).rejects.toBe(signal.reason);
  await issuer[Symbol.asyncDispose]();
  await expect(fetchKeys(issuer.jwksUrl, {})).rejects.toThrow('fetch failed');
});

test('claims and header can be replaced and removed', async () => {
  await using issuer = await createTestIssuer();
  const token = await issuer.mint({ sid: undefined, extra: 1 }, { header: { typ: 'JWT' } });
  expect(decodeJwt(token)).not.toHaveProperty('sid');
  expect(decodeJwt(token)).toHaveProperty('extra', 1);
  expect(decodeProtectedHeader(token)).toMatchObject({ typ: 'JWT', kid: issuer.kid });
});

test('keys rotate, and can be withdrawn', async () => {
  await using issuer = await createTestIssuer();
  const old = issuer.kid;
  const token = await issuer.mint();
  expect(await issuer.rotate()).not.toBe(old);
  await jwtVerify(token, createRemoteJWKSet(new URL(issuer.jwksUrl)));
  issuer.withdraw(old);
  await expect(jwtVerify(token, createRemoteJWKSet(new URL(issuer.jwksUrl)))).rejects.toThrow();
});

test('a grant carries what is missing at the position of the request, and pushes arrive', async () => {
  const revocations = new MemoryRevocations();
  const feed = revocations.feed();
  const pushed: string[] = [];
  await feed.open({
    revocation: (bytes) => pushed.push(JSON.parse(new TextDecoder().decode(bytes)).id),
    numbered: () => {},
    restored: () => {},
  });
  const ask = async (position: number, epoch: ReturnType<typeof epochOf> | null) => {
    const request = {
      version: 1 as const,
      service: 'sample',
      incarnation: newId('inc'),
      nonce: 'n'.repeat(16),
      policy: 'reject' as const,
      epoch,
      position,
      applied: [],
    };
    const bytes = await feed.request(request, 100);
    return grantReply.parse(JSON.parse(new TextDecoder().decode(bytes)));
  };
  const epochOf = (reply: Awaited<ReturnType<typeof grantReply.parse>>) =>
    reply.outcome === 'unavailable' ? newId('epo') : reply.epoch;

  const first = revocations.revoke({ kind: 'session', key: newId('ses') });
  revocations.pushes = false;
  const second = revocations.revoke({ kind: 'subject', key: newId('usr'), generation: 3 });
  expect(pushed).toEqual([first.id]);
  const reply = await ask(1, null);
  expect(reply).toMatchObject({ outcome: 'granted', position: 2, events: [{ id: second.id }] });

  revocations.newEpoch();
  expect(await ask(2, epochOf(reply))).toMatchObject({ outcome: 'resynchronise' });
  revocations.answers = false;
  await expect(ask(0, null)).rejects.toThrow();
});

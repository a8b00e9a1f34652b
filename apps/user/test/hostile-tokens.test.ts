/** The table of hostile tokens, over HTTP: status, body and headers tell none of them apart. */
import { userId } from '@portcullis/contracts';
import {
  askInText,
  askOverHttp,
  createForge,
  HOSTILE_TOKENS,
  isSendable,
  LEGITIMATE_TOKENS,
  revocationsOf,
  type Forge,
  type HttpAnswer,
} from '@portcullis/testkit';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { createSurroundings, registered, startUserService } from './user-service.ts';

let around: Awaited<ReturnType<typeof createSurroundings>> & { forge: Forge };
let address: string;
let refusal: HttpAnswer;
beforeAll(async () => {
  const surroundings = await createSurroundings();
  surroundings.issuer.revocations.maxStalenessMs = 1_500;
  around = { ...surroundings, forge: await createForge(surroundings.issuer) };
  const service = around.bed.use(await startUserService(around.config));
  address = `${service.url}/v1/me`;
  await around.makeStream();
  const sub = userId.parse(around.forge.claims['sub']);
  await around.publish(registered(sub));
  await vi.waitUntil(async () => (await askOverHttp(address, around.forge.good)).status === 200, {
    timeout: 20_000,
  });
  // Whatever is refused is refused like this.
  refusal = await askOverHttp(address, 'a.b.c');
});
afterAll(() => around.bed.dispose());

it('answers as RFC 6750 says', () => {
  expect(refusal.status).toBe(401);
  expect(refusal.headers['www-authenticate']).toBe(
    'Bearer realm="portcullis", error="invalid_token", DPoP algs="ES256 EdDSA Ed25519"',
  );
  expect(refusal.headers['cache-control']).toBe('no-store');
  expect(refusal.body).toEqual({
    code: 'invalid_token',
    message: 'The access token is missing, expired, revoked or not valid here.',
  });
});

describe('refuses alike', () => {
  const sent = HOSTILE_TOKENS.map((one) => ({ ...one, id: `${one.group}: ${one.name}` }));

  it.each(sent)('$id', async ({ make }) => {
    const token = make(around.forge);
    // What no header can carry is refused by the parser of HTTP, or arrives without its white space.
    if (isSendable(token)) expect(await askOverHttp(address, token)).toEqual(refusal);
  });

  it('which is most of the table', () => {
    const sendable = HOSTILE_TOKENS.filter(({ make }) => isSendable(make(around.forge)));
    expect(sendable.length).toBeGreaterThanOrEqual(500);
  });
});

describe('does not refuse', () => {
  it.each(LEGITIMATE_TOKENS)('$name', async ({ make }) => {
    const { status } = await askOverHttp(address, make(around.forge));
    expect([200, 403]).toContain(status);
  });
});

describe('takes the token from one header, and from nowhere else', () => {
  const head = () => `GET ${new URL(address).pathname} HTTP/1.1`;
  const host = 'Host: 127.0.0.1';

  it('refuses two headers, the same or not, in any order', async () => {
    const { good } = around.forge;
    const one = `Authorization: Bearer ${good}`;
    expect(await askInText(address, [head(), host, one])).toBe(200);
    for (const other of [
      one,
      'Authorization: Bearer a.b.c',
      'authorization: Basic eDp5',
      'AUTHORIZATION:',
    ]) {
      expect(await askInText(address, [head(), host, one, other]), other).toBe(401);
      expect(await askInText(address, [head(), host, other, one]), other).toBe(401);
    }
    for (const other of [
      `${one}, Bearer ${good}`,
      `${one},`,
      `${one} x`,
      `Authorization: ${good}`,
    ]) {
      expect(await askInText(address, [head(), host, other]), other).toBe(401);
    }
    for (const scheme of ['Basic', 'Token', 'JWT', 'Bearer:', 'Bearer,']) {
      const line = `Authorization: ${scheme} ${good}`;
      expect(await askInText(address, [head(), host, line]), scheme).toBe(401);
    }
  });

  it('does not look for it in the query, in other headers or in a cookie', async () => {
    const { good } = around.forge;
    for (const query of [
      `access_token=${good}`,
      `token=${good}`,
      `authorization=Bearer%20${good}`,
    ]) {
      const line = head().replace(' HTTP', `?${query} HTTP`);
      // As a token that is missing, or as a member that the operation does not take.
      expect([400, 401], query).toContain(await askInText(address, [line, host]));
      for (const header of ['Authorization: Bearer a.b.c', `Authorization: Bearer ${good}`]) {
        expect([400, 401], query).toContain(await askInText(address, [line, host, header]));
      }
    }
    for (const line of [
      `X-Authorization: Bearer ${good}`,
      `Proxy-Authorization: Bearer ${good}`,
      `X-Access-Token: ${good}`,
      `Cookie: access_token=${good}`,
      `Cookie: __Host-access=${good}; authorization=Bearer ${good}`,
    ]) {
      expect(await askInText(address, [head(), host, line]), line.slice(0, 20)).toBe(401);
      const refused = [head(), host, 'Authorization: Bearer a.b.c', line];
      expect(await askInText(address, refused), line.slice(0, 20)).toBe(401);
    }
  });
});

// Last: in the end everything is revoked.
it('refuses alike what was accepted and then revoked', { timeout: 60_000 }, async () => {
  const cases = await revocationsOf(around.issuer, around.forge.otherKid);
  for (const { token, name } of cases) {
    expect((await askOverHttp(address, token)).status, name).not.toBe(401);
  }
  for (const { token, revocation, name } of cases) {
    around.issuer.revocations.revoke(revocation);
    // By the next grant: there is no push here.
    await expect.poll(() => askOverHttp(address, token), { message: name }).toEqual(refusal);
  }
});

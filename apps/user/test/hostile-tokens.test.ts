/** The table of hostile tokens, over HTTP: status, body and headers tell none of them apart. */
import { userId } from '@portcullis/contracts/schemas';
import {
  askInText,
  askOverHttp,
  createForge,
  HOSTILE_TOKENS,
  isSendable,
  LEGITIMATE_TOKENS,
  PRESENTATIONS,
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
  it.each(PRESENTATIONS)('$name', async ({ lines, answers }) => {
    const target = new URL(address).pathname;
    expect(answers).toContain(await askInText(address, lines(target, around.forge.good)));
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

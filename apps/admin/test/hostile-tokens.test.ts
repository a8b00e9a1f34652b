/** The table of hostile tokens, over HTTP: status, body and headers tell none of them apart. */
import {
  askInText,
  askOverHttp,
  HOSTILE_TOKENS,
  isSendable,
  LEGITIMATE_TOKENS,
  PRESENTATIONS,
  revocationsOf,
  type HttpAnswer,
} from '@portcullis/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAdminService } from './admin-service.ts';

let around: Awaited<ReturnType<typeof startAdminService>>;
let address: string;
let refusal: HttpAnswer;
beforeAll(async () => {
  around = await startAdminService();
  around.issuer.revocations.maxStalenessMs = 1_500;
  address = `${around.url}/v1/verifiers`;
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

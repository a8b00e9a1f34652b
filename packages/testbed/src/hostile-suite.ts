/**
 * The table of hostile tokens against a service over HTTP: status, body and headers are the same for
 * all. Apart from the index, which is also read where no test runs.
 */
import {
  askInText,
  askOverHttp,
  HOSTILE_TOKENS,
  isSendable,
  LEGITIMATE_TOKENS,
  PRESENTATIONS,
  revocationsOf,
  type Forge,
  type HttpAnswer,
  type TestIssuer,
} from '@portcullis/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

export interface Target {
  /** Disposed of after the last test. */
  bed: AsyncDisposable;
  /** Wants a token, and takes that of the forge. */
  address: string;
  /** With short grants: there is no push, so that a revocation comes with the next of them. */
  issuer: TestIssuer;
  /** Made before the service fetched the keys. */
  forge: Forge;
}

/** Declares the tests of one service. */
export function refusesHostileTokens(start: () => Promise<Target>): void {
  let target: Target;
  let refusal: HttpAnswer;
  beforeAll(async () => {
    target = await start();
    // Every refusal is like this one.
    refusal = await askOverHttp(target.address, 'a.b.c');
  });
  afterAll(() => target.bed[Symbol.asyncDispose]());

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
      // What is wrong with it for some seconds only is dated when it is sent: the table takes a while.
      const token = make({ ...target.forge, now: Math.floor(Date.now() / 1_000) });
      // What no header can carry is refused by the parser of HTTP, or arrives without its white space.
      if (isSendable(token)) expect(await askOverHttp(target.address, token)).toEqual(refusal);
    });

    it('which is most of the table', () => {
      const sendable = HOSTILE_TOKENS.filter(({ make }) => isSendable(make(target.forge)));
      expect(sendable.length).toBeGreaterThanOrEqual(500);
    });
  });

  describe('does not refuse', () => {
    it.each(LEGITIMATE_TOKENS)('$name', async ({ make }) => {
      const { status } = await askOverHttp(target.address, make(target.forge));
      expect([200, 403]).toContain(status);
    });
  });

  describe('takes the token from one header, and from nowhere else', () => {
    it.each(PRESENTATIONS)('$name', async ({ lines, answers }) => {
      const { pathname } = new URL(target.address);
      const answer = await askInText(target.address, lines(pathname, target.forge.good));
      expect(answers).toContain(answer);
    });
  });

  // Last: in the end everything is revoked.
  it('refuses alike what was accepted and then revoked', { timeout: 60_000 }, async () => {
    const { address, issuer, forge } = target;
    const cases = await revocationsOf(issuer, forge.otherKid);
    for (const { token, name } of cases) {
      expect((await askOverHttp(address, token)).status, name).not.toBe(401);
    }
    for (const { token, revocation, name, code } of cases) {
      issuer.revocations.revoke(revocation);
      const answer = expect.poll(() => askOverHttp(address, token), { message: name, interval: 2 });
      if (code === 'invalid_token') await answer.toEqual(refusal);
      else await answer.toMatchObject({ status: 401, body: { code } });
    }
  });
}

/** Signals of tokens that are held open. */
import { newId, Refusal, type RevocationEvent } from '@portcullis/contracts';
import { createTestIssuer, type RevocationSpec, type TestIssuer } from '@portcullis/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createVerifier, type Verifier } from '../src/index.ts';

let issuer: TestIssuer;
let verifier: Verifier;

beforeEach(async () => {
  issuer = await createTestIssuer();
  verifier = await createVerifier({
    issuer: issuer.issuer,
    audience: issuer.audience,
    service: 'test',
    feed: issuer.revocations.feed(),
  });
  await verifier.ready();
});

afterEach(async () => {
  await verifier[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});

function codeOf(signal: AbortSignal): string | undefined {
  return signal.reason instanceof Refusal ? signal.reason.code : undefined;
}

describe('a watched token', () => {
  const ids = { sid: newId('ses'), sub: newId('usr'), jti: newId('tok') };
  const cuts: [RevocationEvent['kind'], RevocationSpec, string][] = [
    ['session', { kind: 'session', key: ids.sid }, 'invalid_token'],
    ['token', { kind: 'token', key: ids.jti }, 'invalid_token'],
    ['subject', { kind: 'subject', key: ids.sub, generation: 1 }, 'invalid_token'],
    ['claims_changed', { kind: 'claims_changed', key: ids.sub, generation: 1 }, 'token_stale'],
    ['issuer', { kind: 'issuer', key: 'issuer', generation: 1 }, 'invalid_token'],
  ];

  it.each(cuts)('is cut by a revocation of kind %s, in the same turn', async (_kind, cut, code) => {
    using watched = await verifier.watch(await issuer.mint(ids));
    using other = await verifier.watch(await issuer.mint());
    expect(watched.signal.aborted).toBe(false);
    issuer.revocations.revoke(cut);
    expect(watched.signal.aborted).toBe(true);
    expect(codeOf(watched.signal)).toBe(code);
    expect(other.signal.aborted).toBe(cut.kind === 'issuer');
  });

  it('is cut by the end of its key and of its client', async () => {
    const token = await issuer.mint();
    using byKey = await verifier.watch(token);
    issuer.revocations.revoke({ kind: 'key', key: issuer.kid });
    expect(codeOf(byKey.signal)).toBe('invalid_token');
    await expect(verifier.watch(token)).rejects.toMatchObject({ code: 'invalid_token' });
  });

  it('leaves nothing behind when it is refused', async () => {
    const sid = newId('ses');
    const token = await issuer.mint({ sid });
    issuer.revocations.revoke({ kind: 'session', key: sid });
    for (const refused of [token, await issuer.mint({ cnf: { jkt: 'x'.repeat(43) } }), 'x']) {
      await expect(verifier.watch(refused)).rejects.toMatchObject({ code: 'invalid_token' });
    }
    expect(verifier.stats().watched).toBe(0);
  });

  it('is not cut by an ordinary refresh, nor by a revocation that spares it', async () => {
    using watched = await verifier.watch(await issuer.mint({ ...ids, gen: 3 }));
    await verifier.verify(await issuer.mint({ ...ids, jti: newId('tok') }).catch(() => ''));
    issuer.revocations.revoke({ kind: 'subject', key: ids.sub, generation: 3 });
    issuer.revocations.revoke({ kind: 'session', key: newId('ses') });
    expect(watched.signal.aborted).toBe(false);
  });

  it('is cut when its life is over, and may be opened again', async () => {
    const now = Math.floor(Date.now() / 1_000);
    using watched = await verifier.watch(await issuer.mint({ iat: now, exp: now + 2 }));
    await new Promise((resolve) => {
      watched.signal.addEventListener('abort', resolve);
    });
    expect(Date.now()).toBeGreaterThanOrEqual((now + 2) * 1_000 - 50);
    expect(codeOf(watched.signal)).toBe('token_stale');
  });

  it('aborts a watched token when the verifier goes stale, without another check', async () => {
    issuer.revocations.maxStalenessMs = 500;
    const { grants } = verifier.stats();
    await expect.poll(() => verifier.stats().grants, { timeout: 5_000 }).toBeGreaterThan(grants);
    using watched = await verifier.watch(await issuer.mint());
    issuer.revocations.answers = false;
    await expect.poll(() => codeOf(watched.signal), { timeout: 8_000 }).toBe('verifier_stale');
  }, 20_000);

  it('leaves nothing behind when it is let go', async () => {
    for (let i = 0; i < 100; i += 1) {
      using watched = await verifier.watch(await issuer.mint());
      expect(watched.signal.aborted).toBe(false);
    }
    expect(verifier.stats().watched).toBe(0);
    await expect(verifier.watch('nonsense')).rejects.toMatchObject({ code: 'invalid_token' });
    expect(verifier.stats().watched).toBe(0);
  });
});

/** What a verifier is made with, and that a defect around it does not become one of its own. */
import { newId, Refusal } from '@portcullis/contracts';
import { createTestIssuer, type TestIssuer } from '@portcullis/testkit';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createVerifier, type Verifier, type VerifierOptions } from '../src/index.ts';

let issuer: TestIssuer;
let verifier: Verifier | undefined;

beforeEach(async () => {
  issuer = await createTestIssuer();
});

afterEach(async () => {
  await verifier?.[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});

async function started(options: Partial<VerifierOptions> = {}): Promise<Verifier> {
  verifier = await createVerifier({
    issuer: issuer.issuer,
    audience: issuer.audience,
    service: 'test',
    feed: issuer.revocations.feed(),
    ...options,
  });
  await verifier.ready();
  return verifier;
}

describe('options', () => {
  it.each<[string, object]>([
    ...[Number.NaN, 0, -1, 1.5, Number.POSITIVE_INFINITY, '600', null].map(
      (value): [string, object] => [`a cap of ${value}`, { maxTokenLifeSeconds: value }],
    ),
    ...[Number.NaN, -1, 1.5, Number.POSITIVE_INFINITY].map((value): [string, object] => [
      `room for ${value} tokens`,
      { maxCachedTokens: value },
    ]),
    ...['Reject', '', undefined, '__proto__', 'toString'].map((policy): [string, object] => [
      `the policy ${policy}`,
      { whenStale: { policy } },
    ]),
    ['accept without a word', { whenStale: { policy: 'accept' } }],
    ...[null, '', 'reject'].map((whenStale): [string, object] => [
      `${JSON.stringify(whenStale)} for a policy`,
      { whenStale },
    ]),
    ['no audience', { audience: '' }],
    ['no issuer', { issuer: 'issuer' }],
  ])('%s is refused at once', async (_what, options) => {
    const message: unknown = expect.stringMatching(/^createVerifier: \w/);
    await expect(started(options)).rejects.toMatchObject({ name: 'TypeError', message });
  });
});

describe('a name that is no option', () => {
  it.each<[object, string, string]>([
    [{ onRefusal: () => undefined }, 'onRefusal', 'onRefusals'],
    [{ whenstale: { policy: 'reject' } }, 'whenstale', 'whenStale'],
    [{ maxTokenLifeSecond: 60 }, 'maxTokenLifeSecond', 'maxTokenLifeSeconds'],
  ])('%o is refused: there is another but for a letter', async (options, typed, meant) => {
    await expect(started(options)).rejects.toEqual(
      new TypeError(`createVerifier: there is no option ${typed}; the nearest is ${meant}`),
    );
  });

  it('is something else where none is near, or that one is given too', async () => {
    const options: object = { port: 8_080, issuers: ['https://auth.example.com'] };
    await expect(started(options)).resolves.toBeDefined();
  });
});

it('goes by the options that it has checked, whatever becomes of them while it starts', async () => {
  const options: VerifierOptions = {
    ...issuer.verifierOptions(),
    service: 'test',
    whenStale: { policy: 'reject' },
  };
  const starting = createVerifier(options);
  options.audience = 'urn:other';
  verifier = await starting;
  await verifier.ready();
  await expect(verifier.verify(await issuer.mint())).resolves.toBeDefined();
  const other = verifier.verify(await issuer.mint({ aud: 'urn:other' }));
  await expect(other).rejects.toMatchObject({ code: 'invalid_token' });
});

describe('what is no text', () => {
  it.each([undefined, null, 7, [], {}, ['a.b.c']])('%j is no token', async (value) => {
    const made = await started();
    const token: string = JSON.parse(JSON.stringify({ value })).value;
    const refused = { code: 'invalid_token' };
    await expect(made.verify(token)).rejects.toMatchObject(refused);
    await expect(made.verifyWithAssurance(token)).rejects.toMatchObject(refused);
    await expect(made.watch(token)).rejects.toMatchObject(refused);
    expect(() => made.verifyMaybeSync(token)).toThrow(Refusal);
  });
});

it('goes on when a listener throws, and tells of it', async () => {
  const warnings: string[] = [];
  const note = ({ message }: Error): void => void warnings.push(message);
  process.on('warning', note);
  try {
    const made = await started();
    const applied: string[] = [];
    made.onApplied(() => {
      throw new Error('a defect of the listener');
    });
    made.onApplied(({ key }) => applied.push(key));
    made.onTransition(() => {
      throw new Error('another one');
    });
    const sid = newId('ses');
    using watched = await made.watch(await issuer.mint({ sid }));
    issuer.revocations.revoke({ kind: 'session', key: sid });
    expect([applied, watched.signal.aborted]).toEqual([[sid], true]);
    await expect(made.verify(await issuer.mint())).resolves.toBeDefined();
    await made[Symbol.asyncDispose]();
    expect(made.state).toBe('CLOSED');
    await expect.poll(() => warnings.join()).toContain('another one');
    expect(warnings.join()).toContain('a defect of the listener');
  } finally {
    process.off('warning', note);
  }
});

it('keeps nothing of a proof whose token does not hold', async () => {
  const made = await started();
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const jwk = await exportJWK(publicKey);
  const { crv, kty, x, y } = jwk;
  const jkt = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
  const token = await issuer.mint({ cnf: { jkt } });
  const url = 'https://api.example.com/v1/me';
  const proof = await new SignJWT({
    jti: 'once',
    htm: 'GET',
    htu: url,
    iat: Math.floor(Date.now() / 1_000),
    ath: createHash('sha256').update(token).digest('base64url'),
  })
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
    .sign(privateKey);
  const offer = () =>
    made.verify(token, { possession: { proofs: [proof], method: 'GET', urls: [url] } });

  // While it may not be accepted, the request may be sent again as it was.
  issuer.revocations.maxStalenessMs = 500;
  const { grants } = made.stats();
  await expect.poll(() => made.stats().grants, { timeout: 5_000 }).toBeGreaterThan(grants);
  issuer.revocations.answers = false;
  await expect.poll(() => made.state).toBe('STALE');
  await expect(offer()).rejects.toMatchObject({ code: 'verifier_stale' });
  issuer.revocations.answers = true;
  await expect.poll(() => made.state).toBe('LIVE');
  await expect(offer()).resolves.toMatchObject({ cnf: { jkt } });
  await expect(offer()).rejects.toMatchObject({ code: 'invalid_dpop_proof' });
});

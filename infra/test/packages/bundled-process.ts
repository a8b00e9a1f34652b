/**
 * Uses a verifier of a bundle, of which files may be missing, and prints what became of it.
 *
 * `node bundled-process.js usual|every ./path/to/the/bundle.js`. `usual`: bearers, a logout, readiness; `every`: what is
 * loaded on demand too.
 */
import { newId } from '@portcullis/contracts';
import { encodeSnapshot } from '@portcullis/snapshot';
import { createTestIssuer } from '@portcullis/testkit';
import type * as Root from '@portcullis/verify';
import type { Possession, Verifier } from '@portcullis/verify';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { createHash } from 'node:crypto';
import { pathToFileURL } from 'node:url';

const ADDRESS = 'https://orders.example.com/orders';
/** Further than one grant carries. */
const BEHIND = 2_500;

const [, , how, bundle = ''] = process.argv;
const { createVerifier }: typeof Root = await import(pathToFileURL(bundle).href);
await using issuer = await createTestIssuer();
const { issuer: name, audience, revocations } = issuer;
const { privateKey, publicKey } = await generateKeyPair('ES256');
const jwk = await exportJWK(publicKey);
const said: Record<string, unknown> = {};

/** Notes what becomes of it: `true`, or the code of the refusal, or the name of the error. */
async function note(what: string, work: () => unknown): Promise<void> {
  try {
    await work();
    said[what] = true;
  } catch (error) {
    const { code, name: kind } = Object(error);
    said[what] = code ?? kind;
  }
}

async function start(options: Partial<Root.VerifierOptions> = {}): Promise<Verifier> {
  const feed = revocations.feed();
  const verifier = await createVerifier({
    issuer: name,
    audience,
    service: 'orders',
    feed,
    ...options,
  });
  await verifier.ready(AbortSignal.timeout(20_000));
  return verifier;
}

async function proofFor(token: string): Promise<Possession> {
  const claims = {
    jti: crypto.randomUUID(),
    htm: 'GET',
    htu: ADDRESS,
    iat: Math.floor(Date.now() / 1_000),
    ath: createHash('sha256').update(token).digest('base64url'),
  };
  const signer = new SignJWT(claims).setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk });
  return { proofs: [await signer.sign(privateKey)], method: 'GET', urls: [ADDRESS] };
}

async function usual(): Promise<void> {
  await using verifier = await start();
  const token = await issuer.mint();
  await note('bearer', async () => await verifier.verify(token));
  await note('bearer again', () => verifier.verifyMaybeSync(token));
  await note('not a token', async () => await verifier.verify('a.b.c'));
  const { sid } = await verifier.verify(token);
  if (sid !== undefined) revocations.revoke({ kind: 'session', key: sid });
  await note('after its logout', async () => await verifier.verify(token));
  said['problems'] = verifier.problems();
}

async function every(): Promise<void> {
  await using verifier = await start();
  const cnf = { jkt: await calculateJwkThumbprint(jwk) };
  const [token, bearer] = [await issuer.mint({ cnf }), await issuer.mint()];
  await note('bound, as a bearer', async () => await verifier.verify(token));
  const possession = await proofFor(token);
  await note('bearer, as bound', async () => await verifier.verify(bearer, { possession }));
  await note('bound', async () => await verifier.verify(token, { possession }));
  const replay = { possession: { ...possession } };
  await note('its proof again', async () => await verifier.verify(token, replay));
  for (const form of ['verifyMaybeSync', 'verifyWithAssurance', 'watch'] as const) {
    const next = { possession: await proofFor(token) };
    await note(`bound, ${form}`, async () => await verifier[form](token, next));
  }
  await note('bearer, beside it', async () => await verifier.verify(bearer));
  await note('a socket', async () => await heldOpen());
  await note('explained', async () => await verifier.explain(bearer));
  await note('introspecting', async () => {
    const introspect = async (): Promise<boolean> => true;
    await using other = await start({ whenStale: { policy: 'introspect', introspect } });
    await other.verify(bearer);
  });
  await farBehind();
}

/** Notes what becomes of what is held open by a token whose session ends. */
async function heldOpen(): Promise<void> {
  await using verifier = await start();
  const session = newId('ses');
  const token = await issuer.mint({ sid: session });
  // Its first two, at once: both wait for what is loaded.
  const both = await Promise.all([verifier.watch(token), verifier.watch(token)]);
  revocations.revoke({ kind: 'session', key: session });
  said['a socket, after its logout'] = both.map(({ signal }) => signal.reason?.code);
}

async function farBehind(): Promise<void> {
  const session = newId('ses');
  revocations.revoke({ kind: 'session', key: session });
  for (let made = 0; made < BEHIND; made += 1) {
    revocations.revoke({ kind: 'session', key: newId('ses') });
  }
  const place = { epoch: revocations.epoch, position: revocations.log.length };
  const snapshot = async () => Buffer.concat([...encodeSnapshot(place, revocations.log)]);
  await using verifier = await start({ feed: { ...revocations.feed(), snapshot } });
  const [revoked, other] = [await issuer.mint({ sid: session }), await issuer.mint()];
  await note('revoked, far behind', async () => await verifier.verify(revoked));
  await note('not revoked, far behind', async () => await verifier.verify(other));
  const { entries, grantFailures } = verifier.stats();
  said['far behind'] = { entries: entries >= BEHIND, grantFailures };
}

await usual();
if (how === 'every') await every();
console.log(JSON.stringify(said));

/** Signs access tokens as this service does, or by jose, and says what one of them cost. */
import { newId } from '@portcullis/contracts';
import { answerQuestions, settingsOfWorker } from '@portcullis/testbed';
import { SignJWT } from 'jose';
import { generateKeyPairSync, webcrypto, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { signerWith, type SignToken } from '../src/keys/sign-token.ts';

const { by, alg, batch, atOnce } = z
  .object({
    by: z.enum(['auth', 'jose']),
    alg: z.enum(['ES256', 'EdDSA', 'RS256']),
    /** Tokens for each question. */
    batch: z.number(),
    /** Tokens that are asked for before the first of them is there. */
    atOnce: z.number(),
  })
  .parse(settingsOfWorker());

const kid = newId('key');
const now = Math.floor(Date.now() / 1_000);
/** Of a user, as a refresh gives it. */
const claims = {
  iss: 'https://auth.example.com',
  aud: ['urn:portcullis:auth', 'urn:portcullis:user'],
  sub: newId('user'),
  client_id: newId('client'),
  sid: newId('session'),
  jti: newId('token'),
  iat: now,
  exp: now + 300,
  auth_time: now,
  roles: ['user'],
  gen: 0,
  cgen: 0,
  igen: 0,
};
const sign = by === 'auth' ? signerWith(kid, alg, newKey(), 'at+jwt') : await joseSigner();

function newKey(): KeyObject {
  switch (alg) {
    case 'ES256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    case 'EdDSA':
      return generateKeyPairSync('ed25519').privateKey;
    case 'RS256':
      return generateKeyPairSync('rsa', { modulusLength: 3_072 }).privateKey;
  }
}

/** With a key that is imported once, which is the quickest way that it has. */
async function joseSigner(): Promise<SignToken> {
  const how = {
    ES256: { name: 'ECDSA', namedCurve: 'P-256' },
    EdDSA: { name: 'Ed25519' },
    RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  }[alg];
  const der = newKey().export({ format: 'der', type: 'pkcs8' });
  const key = await webcrypto.subtle.importKey('pkcs8', der, how, false, ['sign']);
  const header = { alg, typ: 'at+jwt', kid };
  return async (said) => await new SignJWT({ ...said }).setProtectedHeader(header).sign(key);
}

/** @returns microseconds for each token, by the clock and of all threads of this process */
async function costOfOne(): Promise<{ clock: number; processor: number }> {
  const before = process.cpuUsage();
  const began = performance.now();
  for (let done = 0; done < batch; done += atOnce) {
    await Promise.all(Array.from({ length: atOnce }, async () => await sign(claims)));
  }
  const clock = (performance.now() - began) * 1_000;
  const { user, system } = process.cpuUsage(before);
  return { clock: clock / batch, processor: (user + system) / batch };
}

answerQuestions(costOfOne);

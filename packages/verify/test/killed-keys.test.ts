/** Killed keys that the issuer publishes all the same, and keys of a past that it does not know. */
import { newId } from '@portcullis/contracts';
import { generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { beforeEach, expect, it } from 'vitest';
import { systemClock } from '../src/index.ts';
import { Jwks } from '../src/keys/jwks.ts';

let published: JsonWebKey[];
let answers: (() => void)[];
let held: boolean;
let told: string[][];
let keys: Jwks;
let later: number;

function newKey(): { kid: string; jwk: JsonWebKey } {
  const kid = newId('key');
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { kid, jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' } };
}

beforeEach(() => {
  published = [];
  answers = [];
  held = false;
  told = [];
  later = 0;
  keys = new Jwks({
    url: 'http://127.0.0.1/jwks',
    issuer: 'http://127.0.0.1',
    clock: { ...systemClock, monotonic: () => systemClock.monotonic() + later },
    issuerNow: () => Date.now(),
    fetch: async () => {
      const body = JSON.stringify({ keys: published });
      if (held) await new Promise<void>((resolve) => answers.push(resolve));
      return new Response(body);
    },
    onKilled: (kids) => told.push([...kids]),
  });
});

it('killed keys are refused, and reported once while they are published', async () => {
  const [killed, other] = [newKey(), newKey()];
  published = [killed.jwk, other.jwk];
  await keys.refresh();
  keys.kill(killed.kid);
  expect(told).toEqual([]);
  for (let time = 0; time < 2; time += 1) {
    later += 6_000;
    await keys.refresh();
    expect(keys.known(killed.kid)).toBeUndefined();
    expect(keys.status.killed).toEqual([killed.kid]);
  }
  expect(told).toEqual([[killed.kid]]);
  published = [other.jwk];
  later += 6_000;
  await keys.refresh();
  expect(keys.status.killed).toEqual([]);
});

it('are forgotten with the past of the issuer, and what it publishes now is fetched at once', async () => {
  const [before, after] = [newKey(), newKey()];
  published = [before.jwk];
  await keys.refresh();
  expect(keys.known(before.kid)).toBeDefined();
  published = [after.jwk];
  keys.forget();
  expect(keys.known(before.kid)).toBeUndefined();
  await expect.poll(() => keys.known(after.kid)).toBeDefined();
  expect(keys.known(before.kid)).toBeUndefined();
});

it('are not taken from an answer to a question of before', async () => {
  const [before, after] = [newKey(), newKey()];
  published = [before.jwk];
  held = true;
  const asked = keys.refresh();
  await expect.poll(() => answers.length).toBe(1);
  held = false;
  published = [after.jwk];
  keys.forget();
  await expect.poll(() => keys.known(after.kid)).toBeDefined();
  answers[0]?.();
  await asked;
  expect(keys.known(before.kid)).toBeUndefined();
  expect(keys.known(after.kid)).toBeDefined();
});

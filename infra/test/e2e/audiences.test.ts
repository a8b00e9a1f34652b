import { appDatabase, createTestBed, startAuth, type TestBed } from '@portcullis/testbed';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { logIn, refresh, register } from './calls.ts';

const BEFORE = ['urn:portcullis:auth', 'urn:portcullis:user', 'urn:portcullis:admin'];

let bed: TestBed<'auth'>;
beforeAll(async () => {
  bed = await createTestBed({ databases: { auth: appDatabase('auth') } });
}, 60_000);
afterAll(async () => {
  await bed.dispose();
});

it('an audience that is added to auth is in the tokens of older sessions after a refresh', async () => {
  const auth = await startAuth(bed);
  const tokens = await logIn(auth.url, await register(auth.url));
  expect(decodeJwt(tokens.access_token).aud).toEqual(BEFORE);
  await auth.stop();

  const after = [...BEFORE, 'urn:acme:orders'];
  const restarted = await startAuth(bed, {
    PORTCULLIS_AUDIENCES: after.join(' '),
    PORTCULLIS_ISSUER: auth.issuer,
  });
  const refreshed = await refresh(restarted.url, tokens);
  expect(decodeJwt(refreshed.access_token).aud).toEqual(after);
}, 60_000);

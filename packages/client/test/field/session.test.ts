/** Faults from the field in the SDK's session. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createPortcullisClient, type TokenStorage } from '../../src/index.ts';
import { FakeServices } from '../fake-services.ts';

let services: FakeServices;
beforeEach(async () => {
  services = await new FakeServices().listen();
});
afterEach(async () => await services[Symbol.asyncDispose]());

/** A storage that outlives the page, with tokens of which the access token has this `exp`. */
function stored(exp: number): TokenStorage {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const access_token = `${part({ alg: 'ES256' })}.${part({ sub: 'usr_1', exp })}.c2ln`;
  let held: unknown = { ...services.issue(), access_token };
  services.validAccess = exp * 1_000 > Date.now() ? access_token : 'none';
  return {
    get: () => held,
    set: (tokens) => void (held = tokens),
    clear: () => void (held = undefined),
  };
}

const clientOf = (storage?: TokenStorage, via: typeof fetch = fetch) => {
  const { url } = services;
  const where = { auth: url, user: url, admin: url, fetch: via };
  return createPortcullisClient(storage === undefined ? where : { ...where, storage });
};
const soon = (seconds: number): number => Math.floor(Date.now() / 1_000) + seconds;

it('S1: a call that takes no token is not held up by a session that has ended', async () => {
  const accepted: typeof fetch = async (input, init) =>
    typeof input === 'string' && /(forgot|resend)$/.test(input)
      ? Response.json({ result: { data: { status: 'accepted' } } })
      : await fetch(input, init);
  const { auth, logIn } = clientOf(undefined, accepted);
  const email = 'a@example.test';
  const clock = performance.now.bind(performance);
  for (const call of [auth.password.forgot, auth.email.resend]) {
    await logIn({ email, password: 'right' });
    services.validAccess = services.validRefresh = 'ended elsewhere';
    const later = vi.spyOn(performance, 'now').mockImplementation(() => clock() + 600_001);
    const answer = await call.mutate({ email }).catch((error: unknown) => error);
    expect(answer).toEqual({ status: 'accepted' });
    later.mockRestore();
  }
});

it('S2: 50 calls at once with a stored token that has expired cause one refresh, sent once each', async () => {
  const client = clientOf(stored(soon(-10)));
  await Promise.all(Array.from({ length: 50 }, () => client.user.me.get.query()));
  expect(services.calls('refresh')).toHaveLength(1);
  expect(services.calls('me.get')).toHaveLength(50);
});

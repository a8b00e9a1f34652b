import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  createPortcullisClient,
  isPortcullisError,
  type LoginResult,
  type PortcullisClient,
  type SignedOutReason,
} from '../src/index.ts';
import { memoryStorage } from '../src/token-storage.ts';
import { FakeServices, RECEIPT } from './fake-services.ts';

let services: FakeServices;
let client: PortcullisClient;
let signedOut: SignedOutReason[];

beforeEach(async () => {
  services = await new FakeServices().listen();
  client = clientOf(services);
  signedOut = [];
  client.session.onSignedOut((reason) => signedOut.push(reason));
});
afterEach(async () => services[Symbol.asyncDispose]());

function clientOf({ url }: FakeServices, storage = memoryStorage()): PortcullisClient {
  return createPortcullisClient({ auth: url, user: url, admin: url, storage });
}

const logIn = (): Promise<LoginResult> =>
  client.logIn({ email: 'a@example.test', password: 'right' });
const getMe = () => client.user.me.get.query();

/** Lets the monotonic clock stand this many milliseconds later than it does; tokens live 600 s. */
const clock = performance.now.bind(performance);
function passes(ms: number): void {
  vi.spyOn(performance, 'now').mockImplementation(() => clock() + ms);
}

/** A promise and what resolves it. */
function gate(): { open: () => void; opened: Promise<void> } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** A call whose token was refused, and whose refresh is not answered until `open`. */
async function refreshUnderWay(): Promise<{ open: () => void; call: Promise<unknown> }> {
  services.validAccess = 'another one';
  const { open, opened } = gate();
  services.refreshGate = opened;
  const call = getMe().catch((error: unknown) => error);
  await until(() => services.calls('refresh').length === 1);
  return { open, call };
}

describe('refresh', () => {
  test('calls carry the token of the login', async () => {
    await logIn();
    await expect(getMe()).resolves.toMatchObject({ id: 'usr_1' });
    expect(services.calls('me.get')).toMatchObject([{ authorization: 'Bearer access-1' }]);
    expect(await client.session.id()).toBe('ses_1');
  });

  test.each(['invalid_token', 'token_stale'] as const)(
    '50 calls at once that are answered %s cause one refresh, and each succeeds',
    async (refusal) => {
      await logIn();
      services.validAccess = 'another one';
      services.refusal = refusal;
      await Promise.all(Array.from({ length: 50 }, getMe));
      expect(services.calls('refresh')).toHaveLength(1);
      expect(services.calls('me.get')).toHaveLength(100);
    },
  );

  test('50 calls at once with a token known to be expired cause one refresh and are sent once', async () => {
    await logIn();
    passes(600_001);
    await Promise.all(Array.from({ length: 50 }, getMe));
    expect(services.calls('refresh')).toHaveLength(1);
    expect(services.calls('me.get')).toHaveLength(50);
  });

  test('a token is refreshed before it expires', async () => {
    await logIn();
    passes(560_000);
    await getMe();
    expect(services.calls('refresh')).toHaveLength(0);
    passes(580_000);
    await getMe();
    expect(services.calls('refresh')).toHaveLength(1);
    expect(services.calls('me.get')).toHaveLength(2);
  });

  test('a call is sent again once and no more', async () => {
    await logIn();
    services.refuseAll = true;
    await expect(getMe()).rejects.toMatchObject({ code: 'invalid_token', status: 401 });
    expect(services.calls('me.get')).toHaveLength(2);
    expect(services.calls('refresh')).toHaveLength(1);
    expect(signedOut).toEqual([]);
  });

  test('a refusal of the old token that arrives late brings no second refresh', async () => {
    const { open, opened } = gate();
    let calls = 0;
    const holdsFirstAnswer: typeof fetch = async (input, init) => {
      const first = typeof input === 'string' && input.includes('me.get') && (calls += 1) === 1;
      const response = await fetch(input, init);
      if (first) await opened;
      return response;
    };
    const { url } = services;
    const late = createPortcullisClient({
      auth: url,
      user: url,
      admin: url,
      fetch: holdsFirstAnswer,
    });
    await late.logIn({ email: 'a@example.test', password: 'right' });
    services.validAccess = 'another one';
    const held = late.user.me.get.query();
    await late.user.me.get.query();
    open();
    await expect(held).resolves.toMatchObject({ id: 'usr_1' });
    expect(services.calls('refresh')).toHaveLength(1);
  });

  test('without tokens a call is sent without Authorization, and nothing is refreshed', async () => {
    await expect(getMe()).rejects.toMatchObject({ code: 'invalid_token' });
    expect(services.calls('me.get')).toMatchObject([{ authorization: undefined }]);
    expect(services.calls('refresh')).toHaveLength(0);
  });
});

describe('a refresh that fails', () => {
  beforeEach(async () => {
    await logIn();
    services.validAccess = 'another one';
  });

  test('for good: the tokens go, the event comes once, every caller gets the typed error', async () => {
    services.validRefresh = 'another one';
    const results = await Promise.allSettled(Array.from({ length: 20 }, getMe));
    // A call that is refused when the tokens are gone already has nothing to refresh with.
    const codes = results.map((result) => result.status === 'rejected' && result.reason.code);
    expect(codes).toContain('invalid_refresh_token');
    expect(new Set([...codes, 'invalid_token'])).toEqual(
      new Set(['invalid_refresh_token', 'invalid_token']),
    );
    expect(services.calls('refresh')).toHaveLength(1);
    expect(signedOut).toEqual(['refused']);
    expect(await client.session.id()).toBeUndefined();
  });

  test.each([
    ['hang up', 'network', undefined],
    ['unavailable', 'unavailable', 503],
    ['html', 'protocol', 502],
  ] as const)(
    'by %s: nothing is cleared, and the next call tries again',
    async (fault, code, status) => {
      services.refreshFault = fault;
      await expect(getMe()).rejects.toMatchObject({ code, status });
      expect(signedOut).toEqual([]);
      services.refreshFault = 'none';
      await expect(getMe()).resolves.toMatchObject({ id: 'usr_1' });
    },
  );

  test('shortly before expiry: the token that still lives is used', async () => {
    await logIn();
    passes(580_000);
    services.refreshFault = 'unavailable';
    await expect(getMe()).resolves.toMatchObject({ id: 'usr_1' });
  });
});

describe('logout', () => {
  test('ends the session at the service and forgets the tokens', async () => {
    await logIn();
    await expect(client.logOut({ wait: 0 })).resolves.toEqual(RECEIPT);
    expect(services.ended).toEqual(['access-1']);
    expect(signedOut).toEqual(['logged_out']);
    expect(await client.session.id()).toBeUndefined();
    await expect(client.logOut()).resolves.toBeUndefined();
  });

  test('during a refresh: the tokens do not come back, and the new ones end the session', async () => {
    await logIn();
    const { open, call } = await refreshUnderWay();
    const loggedOut = client.logOut();
    expect(await client.session.id()).toBeUndefined();
    open();
    await expect(loggedOut).resolves.toEqual(RECEIPT);
    expect(services.ended).toEqual(['access-2']);
    expect(await call).toMatchObject({ code: 'invalid_token' });
    expect(await client.session.id()).toBeUndefined();
    expect(services.calls('refresh')).toHaveLength(1);
  });

  test('with an expired token: refreshes once, for the logout alone', async () => {
    await logIn();
    services.validAccess = 'another one';
    await expect(client.logOut()).resolves.toEqual(RECEIPT);
    expect(services.ended).toEqual(['access-2']);
    expect(await client.session.id()).toBeUndefined();
  });

  test('a logout that did not reach the server can be repeated', async () => {
    await logIn();
    services.logoutFault = true;
    await expect(client.logOut()).rejects.toMatchObject({ code: 'network' });
    expect(await client.session.id()).toBeUndefined();
    services.logoutFault = false;
    await expect(client.logOut()).resolves.toEqual(RECEIPT);
    expect(services.ended).toEqual(['access-1']);
  });

  test('logging out of a session that has ended succeeds', async () => {
    await logIn();
    services.validAccess = services.validRefresh = 'another one';
    await expect(client.logOut()).resolves.toBeUndefined();
  });

  test('overtakes a login that is under way', async () => {
    const login = logIn();
    const out = client.logOut();
    await expect(login).rejects.toMatchObject({ code: 'aborted' });
    await out;
    expect(await client.session.id()).toBeUndefined();
  });

  test('does not disturb the login that follows, even while an old refresh is under way', async () => {
    await logIn();
    const { open, call } = await refreshUnderWay();
    await logIn();
    open();
    await call;
    await expect(getMe()).resolves.toMatchObject({ id: 'usr_1' });
    expect(services.calls('me.get').at(-1)).toMatchObject({ authorization: 'Bearer access-3' });
  });

  test('ends the session of the last login, even while a refresh of another is under way', async () => {
    await logIn();
    const { open, call } = await refreshUnderWay();
    await logIn();
    const loggedOut = client.logOut();
    open();
    await expect(loggedOut).resolves.toEqual(RECEIPT);
    expect(services.ended).toEqual(['access-3']);
    await call;
  });
});

describe('a storage that two clients share', () => {
  test('the second takes over what the first has refreshed', async () => {
    const storage = memoryStorage();
    const [first, second] = [clientOf(services, storage), clientOf(services, storage)];
    await first.logIn({ email: 'a@example.test', password: 'right' });
    services.validAccess = 'another one';
    await first.user.me.get.query();
    await second.user.me.get.query();
    expect(services.calls('refresh')).toHaveLength(1);
  });

  test('a call whose token is refused gets another one, although a renewal of an older one ends with it', async () => {
    const shared = memoryStorage();
    const other = clientOf(services, shared);
    await other.logIn({ email: 'a@example.test', password: 'right' });
    const { open, opened } = gate();
    const tab = clientOf(services, { ...shared, get: () => opened.then(shared.get) });
    const older = tab.renew('access-1');
    await other.renew();
    const newer = tab.renew('access-2');
    open();
    expect(await Promise.all([older, newer])).toEqual(['access-2', 'access-3']);
    expect(services.calls('refresh')).toHaveLength(2);
  });

  test('what is not tokens is ignored', async () => {
    const storage = { ...memoryStorage(), get: () => ({ access_token: 7 }) };
    const other = clientOf(services, storage);
    await expect(other.user.me.get.query()).rejects.toMatchObject({ code: 'invalid_token' });
    expect(services.calls('me.get')).toMatchObject([{ authorization: undefined }]);
  });

  test('with a lock name, one tab refreshes at a time under that Web Lock', async () => {
    const names: string[] = [];
    let queue: Promise<unknown> = Promise.resolve();
    const locks = {
      request: (name: string, _options: unknown, work: () => Promise<unknown>) => {
        names.push(name);
        const mine = queue.then(work);
        queue = mine.catch(() => {});
        return mine;
      },
    };
    const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
    Object.defineProperty(globalThis, 'navigator', { value: { locks }, configurable: true });
    try {
      const storage = { ...memoryStorage(), lockName: 'portcullis' };
      const tabs = [clientOf(services, storage), clientOf(services, storage)];
      await tabs[0]?.logIn({ email: 'a@example.test', password: 'right' });
      services.validAccess = 'another one';
      await Promise.all(tabs.map((tab) => tab.user.me.get.query()));
      expect(names).toEqual(['portcullis', 'portcullis']);
      expect(services.calls('refresh')).toHaveLength(1);
    } finally {
      if (before === undefined) Reflect.deleteProperty(globalThis, 'navigator');
      else Object.defineProperty(globalThis, 'navigator', before);
    }
  });
});

describe('errors', () => {
  test('a wrong password is what it is, without a refresh, also while tokens are held', async () => {
    await logIn();
    const login = client.logIn({ email: 'a@example.test', password: 'wrong' });
    const error: unknown = await login.catch((reason: unknown) => reason);
    expect(isPortcullisError(error, 'invalid_credentials')).toBe(true);
    expect(error).toMatchObject({
      status: 401,
      requestId: 'req_fake',
      message: 'public text of invalid_credentials',
    });
    expect(services.calls('refresh')).toHaveLength(0);
    expect(await client.session.id()).toBe('ses_1');
  });

  test('Retry-After', async () => {
    await expect(
      client.auth.accounts.get.query({ user_id: 'usr_1' as never }),
    ).rejects.toMatchObject({
      code: 'rate_limited',
      retryAfterSeconds: 7,
    });
  });

  test('a caller that gives up', async () => {
    await logIn();
    const before = AbortSignal.abort();
    await expect(client.user.me.get.query(undefined, { signal: before })).rejects.toMatchObject({
      code: 'aborted',
    });
    services.validAccess = 'another one';
    const { open, opened } = gate();
    services.refreshGate = opened;
    const giveUp = new AbortController();
    const call = client.user.me.get.query(undefined, { signal: giveUp.signal });
    await until(() => services.calls('refresh').length === 1);
    giveUp.abort();
    await expect(call).rejects.toMatchObject({ code: 'aborted' });
    open();
    await expect(getMe()).resolves.toMatchObject({ id: 'usr_1' });
    expect(services.calls('refresh')).toHaveLength(1);
  });

  test('a login at a server that does not answer', async () => {
    const url = 'http://127.0.0.1:9';
    const lost = createPortcullisClient({ auth: url, user: url, admin: url });
    const error: unknown = await lost.user.me.get.query().catch((reason: unknown) => reason);
    expect(isPortcullisError(error, 'network')).toBe(true);
  });

  test('the request id of a call travels', async () => {
    await logIn();
    await client.user.me.get.query(undefined, { context: { requestId: 'req_mine' } });
    expect(services.calls('me.get')).toMatchObject([{ requestId: 'req_mine' }]);
  });
});

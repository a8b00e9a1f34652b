/** What a view reads of the session at once: snapshots, what listeners get, and storages that are slow or shared. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  createPortcullisClient,
  type SessionState,
  type StoredTokens,
  type TokenStorage,
} from '../src/index.ts';
import { FakeServices } from './fake-services.ts';

const ROUNDS = 60;
let services: FakeServices;
beforeEach(async () => {
  services = await new FakeServices().listen();
});
afterEach(async () => services[Symbol.asyncDispose]());

/** As `seededRandom` of the testkit. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const pause = (milliseconds: number) =>
  new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

/** What tabs share: each step takes its time, and the others hear of it later. */
class SharedStorage {
  held: StoredTokens | undefined;
  readonly #listeners = new Set<() => void>();
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** @param isAtomic whether it can look and write in one step */
  tab(isAtomic = true): TokenStorage {
    let own = (): void => {};
    const slowly = () => pause(Math.floor(this.#random() * 3));
    const changed = () => {
      for (const listener of this.#listeners) if (listener !== own) setTimeout(listener, 1);
    };
    const storage: TokenStorage = {
      get: async () => {
        await slowly();
        return this.held;
      },
      set: async (tokens) => {
        await slowly();
        this.held = tokens;
        changed();
      },
      clear: async () => {
        await slowly();
        this.held = undefined;
        changed();
      },
      subscribe: (listener) => {
        own = listener;
        this.#listeners.add(own);
        return () => void this.#listeners.delete(own);
      },
    };
    if (!isAtomic) return storage;
    return {
      ...storage,
      replace: async (refreshToken, tokens) => {
        await slowly();
        if (this.held?.refresh_token !== refreshToken) return false;
        this.held = tokens;
        changed();
        return true;
      },
    };
  }
}

function clientOf(storage?: TokenStorage) {
  const { url } = services;
  const client = createPortcullisClient({
    auth: url,
    user: url,
    ...(storage === undefined ? {} : { storage }),
  });
  const heard: string[] = [];
  const seen: SessionState[] = [];
  client.session.onSignedIn((id) => heard.push(`in ${id}`));
  client.session.onSignedOut((reason) => heard.push(reason));
  const stop = client.session.subscribe(() => seen.push(client.session.state));
  const logIn = () => client.logIn({ email: 'a@example.test', password: 'right' });
  return { client, session: client.session, heard, seen, stop, logIn };
}

describe('a snapshot', () => {
  test('is known at once, says when the token expires, and stays the same until something changes', async () => {
    const { client, session, logIn, heard } = clientOf();
    expect(session.state).toEqual({ status: 'unknown' });
    expect(await session.ready()).toEqual({ status: 'signed_out', reason: undefined });
    const before = Date.now();
    await logIn();
    const { state } = session;
    expect(state).toMatchObject({ status: 'signed_in', sessionId: 'ses_1', refreshing: false });
    const { expiresAt = 0 } = state.status === 'signed_in' ? state : {};
    expect(expiresAt).toBeGreaterThanOrEqual(before + 600_000 - 1);
    expect(expiresAt).toBeLessThanOrEqual(Date.now() + 600_000 + 1);
    await Promise.all(Array.from({ length: 20 }, () => client.user.me.get.query()));
    expect(session.state).toBe(state);
    expect(Object.isFrozen(state)).toBe(true);
    expect(heard).toEqual(['in ses_1']);
  });

  test('says that tokens are being renewed, and is another one for new tokens', async () => {
    const { client, session, seen, logIn } = clientOf();
    await logIn();
    services.validAccess = 'another one';
    seen.length = 0;
    await client.user.me.get.query();
    expect(seen.map((state) => state.status === 'signed_in' && state.refreshing)).toEqual([
      true,
      true,
      false,
    ]);
    expect(session.state).toMatchObject({ status: 'signed_in', refreshing: false });
  });

  test('says that it is over from the moment that a logout is called', async () => {
    const { client, session, heard, logIn } = clientOf();
    await logIn();
    const out = client.logOut();
    expect(session.state).toEqual({ status: 'signed_out', reason: 'logged_out' });
    await out;
    expect(session.state).toEqual({ status: 'signed_out', reason: 'logged_out' });
    expect(heard).toEqual(['in ses_1', 'logged_out']);
  });

  test('says why a session has ended that a service has refused', async () => {
    const { client, session, heard, logIn } = clientOf();
    await logIn();
    services.validAccess = services.validRefresh = 'another one';
    await client.user.me.get.query().catch(() => {});
    expect(session.state).toEqual({ status: 'signed_out', reason: 'refused' });
    await client.user.me.get.query().catch(() => {});
    expect(session.state).toEqual({ status: 'signed_out', reason: 'refused' });
    expect(heard).toEqual(['in ses_1', 'refused']);
  });

  test('is not given to a listener that was stopped, and a listener that throws disturbs no other', async () => {
    const { session, seen, stop, logIn } = clientOf();
    stop();
    const caught: unknown[] = [];
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.once('uncaughtException', (error) => caught.push(error));
    const told: string[] = [];
    const stopThrowing = session.subscribe(() => {
      throw new Error('of a view');
    });
    session.subscribe(() => told.push(session.state.status));
    await logIn();
    await pause(5);
    for (const listener of others) process.on('uncaughtException', listener);
    stopThrowing();
    expect(seen).toEqual([]);
    expect(caught).toMatchObject([{ message: 'of a view' }]);
    expect(told).toContain('signed_in');
  });
});

describe('tokens that were stored earlier', () => {
  const storedFor = (ms: number): { storage: TokenStorage; kept: () => unknown } => {
    let held: unknown = { ...services.issue(), expires_at: Date.now() + ms };
    return {
      kept: () => held,
      storage: {
        get: () => held,
        set: (tokens) => void (held = tokens),
        clear: () => void (held = undefined),
      },
    };
  };

  test('are renewed before they are used, where their moment is over', async () => {
    const { storage, kept } = storedFor(-1);
    const { client, heard } = clientOf(storage);
    await Promise.all(Array.from({ length: 50 }, () => client.user.me.get.query()));
    expect(services.calls('refresh')).toHaveLength(1);
    expect(services.calls('me.get')).toHaveLength(50);
    expect((kept() as StoredTokens).expires_at).toBeGreaterThan(Date.now() + 590_000);
    expect(heard).toEqual([]);
  });

  test('are used where it is not', async () => {
    const { client, session } = clientOf(storedFor(300_000).storage);
    await client.user.me.get.query();
    expect(services.calls('refresh')).toHaveLength(0);
    expect(session.state).toMatchObject({ status: 'signed_in', refreshing: false });
    const { state } = session;
    await client.user.me.get.query();
    expect(session.state).toBe(state);
  });

  test('and a machine that slept: the time of day has gone on, and the other clock has not', async () => {
    const { client, logIn } = clientOf();
    await logIn();
    const now = Date.now.bind(Date);
    vi.spyOn(Date, 'now').mockImplementation(() => now() + 3_600_000);
    await client.user.me.get.query();
    expect(services.calls('refresh')).toHaveLength(1);
    expect(services.calls('me.get')).toHaveLength(1);
  });
});

describe('two tabs with one storage', () => {
  test('see the login and the logout of the other', async () => {
    const shared = new SharedStorage(randomOf(7));
    const [one, other] = [clientOf(shared.tab()), clientOf(shared.tab())];
    await Promise.all([one.session.ready(), other.session.ready()]);
    await one.logIn();
    await expect.poll(() => other.heard).toEqual(['in ses_1']);
    expect(other.session.state).toMatchObject({ status: 'signed_in', sessionId: 'ses_1' });
    await other.client.logOut();
    await expect.poll(() => one.heard).toEqual(['in ses_1', 'logged_out']);
    expect(other.heard).toEqual(['in ses_1', 'logged_out']);
    expect(one.session.state).toEqual({ status: 'signed_out', reason: 'logged_out' });
  });

  test('a logout in one is not undone by the refresh of the other', async () => {
    const seed = 1 + (Date.now() % 1_000_000);
    const random = randomOf(seed);
    for (let round = 0; round < ROUNDS; round += 1) {
      const shared = new SharedStorage(random);
      const [one, other] = [clientOf(shared.tab()), clientOf(shared.tab())];
      await one.logIn();
      await other.session.ready();
      services.refreshGate = pause(Math.floor(random() * 8));
      services.validAccess = 'another one';
      const calls = Array.from({ length: 5 }, () => one.client.user.me.get.query().catch(() => {}));
      await pause(Math.floor(random() * 12));
      await other.client.logOut().catch(() => {});
      await Promise.all(calls);
      const where = { seed, round };
      expect({ ...where, held: shared.held }).toEqual({ ...where, held: undefined });
      expect(other.session.state.status).toBe('signed_out');
      await one.client.session.id();
      expect({ ...where, status: one.session.state.status }).toEqual({
        ...where,
        status: 'signed_out',
      });
    }
  });

  test('logins, logouts, refreshes and readings at once leave what the storage has', async () => {
    const seed = 1 + (Date.now() % 1_000_000);
    const random = randomOf(seed);
    for (let round = 0; round < ROUNDS; round += 1) {
      services.sessionId = `ses_${round}`;
      const shared = new SharedStorage(random);
      const one = clientOf(shared.tab());
      const acts: (() => Promise<unknown>)[] = [
        () => one.logIn().catch(() => {}),
        () => one.client.logOut().catch(() => {}),
        () => one.client.renew().catch(() => {}),
        () => one.client.user.me.get.query().catch(() => {}),
        () => one.session.id(),
      ];
      await Promise.all(
        Array.from({ length: 8 }, async () => {
          await pause(Math.floor(random() * 6));
          await acts[Math.floor(random() * acts.length)]?.();
        }),
      );
      const { status } = one.session.state;
      const kept = shared.held === undefined ? 'signed_out' : 'signed_in';
      await one.session.ready();
      expect({ seed, round, status: one.session.state.status }).toEqual({
        seed,
        round,
        status: kept,
      });
      // What was known before it was read once more was right too, where anything was known.
      if (status !== 'unknown')
        expect({ seed, round, status }).toEqual({ seed, round, status: kept });
    }
  });
});

describe('no answer', () => {
  const fails: typeof fetch = () => Promise.reject(new TypeError('Failed to fetch'));
  const messageOf = async (auth: string, via = fails): Promise<string> => {
    const client = createPortcullisClient({ auth, user: auth, fetch: via });
    const error: unknown = await client.user.me.get.query().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'network' });
    return (error as Error).message;
  };

  test('names CORS in a page, where the service is of another origin', async () => {
    vi.stubGlobal('location', { origin: 'https://app.example', href: 'https://app.example/a' });
    const message = await messageOf('https://auth.example');
    expect(message).toContain('https://app.example (CORS');
    expect(message).toContain('No answer came from https://auth.example');
    expect(await messageOf('https://app.example/auth')).toBe('No answer came from the service.');
    const other: typeof fetch = () => Promise.reject(new DOMException('late', 'TimeoutError'));
    expect(await messageOf('https://auth.example', other)).toBe('No answer came from the service.');
    vi.stubGlobal('navigator', { onLine: false });
    expect(await messageOf('https://auth.example')).toBe('No answer came from the service.');
    vi.unstubAllGlobals();
  });

  test('says nothing of it elsewhere', async () => {
    expect(await messageOf('https://auth.example')).toBe('No answer came from the service.');
  });
});

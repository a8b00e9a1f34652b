/** What is open when a session ends, ends with it; and an ordinary refresh cuts nothing. */
import { CLOSE_CODES, FINAL_CLOSE_CODES } from '@portcullis/contracts';
import { isPortcullisError } from '@portcullis/client';
import { startSystem, type TestSystem } from '@portcullis/testbed';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refresh, register, type Tokens } from './calls.ts';
import { startGreetingServer } from './greeting-server.ts';
import { copyOf, median, milliseconds, recordedClient, type RecordedClient } from './sdk.ts';

const ROUNDS = 7;
/** Of the answer to the logout, in milliseconds. */
const WITHIN = 50;
const NO_REQUEST_FOR = 2_000;
const VERIFIERS = 3;

let system: TestSystem;
let greeting: Awaited<ReturnType<typeof startGreetingServer>>;

beforeAll(async () => {
  system = await startSystem();
  greeting = system.bed.use(await startGreetingServer(system));
}, 120_000);
afterAll(async () => system?.[Symbol.asyncDispose]());

interface Stream {
  types: string[];
  /** The error that it ended with. */
  ended: Promise<{ error: unknown; at: number; wall: number }>;
  over: boolean;
}

async function subscribe({ client }: RecordedClient): Promise<Stream> {
  const types: string[] = [];
  const stream: Stream = { types, ended: Promise.resolve(undefined as never), over: false };
  stream.ended = new Promise((resolve) => {
    client.user.me.events.subscribe(undefined, {
      onData: ({ data }) => types.push(data.type),
      onError: (error) => {
        stream.over = true;
        resolve({ error, at: performance.now(), wall: Date.now() });
      },
    });
  });
  await expect.poll(() => types[0]).toBe('ready');
  return stream;
}

/** A user at two devices with one session: one of them logs out, the other finds out. */
async function twoDevices() {
  const phone = recordedClient(system);
  await phone.client.logIn(await register(system.auth.url));
  const tab = recordedClient(system, copyOf(phone.storage));
  const { access_token } = phone.storage.get() as Tokens;
  return { phone, tab, access_token };
}

describe('a logout', () => {
  it('cuts an open subscription and an open WebSocket within 50 ms, for good', async () => {
    const figures = { stream: [0], socket: [0], streamCommit: [0], socketCommit: [0] };
    for (const list of Object.values(figures)) list.pop();
    const tabs: RecordedClient[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const { phone, tab, access_token } = await twoDevices();
      const [stream, socket] = [await subscribe(tab), await greeting.open(access_token)];

      const receipt = await phone.client.logOut({ wait: 10_000 });
      const answeredAt = performance.now();
      expect(receipt).toMatchObject({ confirmed: VERIFIERS, expected: VERIFIERS });
      const [cut, closed] = await Promise.all([stream.ended, socket.closed]);

      expect(isPortcullisError(cut.error, 'invalid_token')).toBe(true);
      expect(closed.code).toBe(CLOSE_CODES.invalid_token);
      expect(FINAL_CLOSE_CODES.has(closed.code)).toBe(true);
      const committedAt = Date.parse(receipt?.committed_at ?? '');
      figures.stream.push(cut.at - answeredAt);
      figures.socket.push(closed.at - answeredAt);
      figures.streamCommit.push(cut.wall - committedAt);
      figures.socketCommit.push(closed.wall - committedAt);
      tab.requests.length = 0;
      tabs.push(tab);
    }
    console.log(
      [
        `subscription cut after the answer to the logout: ${milliseconds(figures.stream)}`,
        `WebSocket closed after the answer to the logout: ${milliseconds(figures.socket)}`,
        `subscription cut after the commit: ${milliseconds(figures.streamCommit)}`,
        `WebSocket closed after the commit: ${milliseconds(figures.socketCommit)}`,
      ].join('\n'),
    );
    expect(median(figures.stream)).toBeLessThan(WITHIN);
    expect(median(figures.socket)).toBeLessThan(WITHIN);

    // The SDK does not come back: not to the stream, not for a token, not for anything.
    await sleep(NO_REQUEST_FOR);
    for (const tab of tabs) {
      expect(tab.requests.map(({ url }) => url.pathname)).toEqual([]);
      expect(tab.signedOut).toEqual(['refused']);
      expect(await tab.client.session.id()).toBeUndefined();
    }
    expect(greeting.verifier.stats().watched).toBe(0);
  }, 60_000);

  it('of another session cuts nothing', async () => {
    const account = await register(system.auth.url);
    const [one, two] = [recordedClient(system), recordedClient(system)];
    await one.client.logIn(account);
    await two.client.logIn(account);
    const [stream, socket] = [
      await subscribe(two),
      await greeting.open((two.storage.get() as Tokens).access_token),
    ];
    await one.client.logOut({ wait: 10_000 });
    await sleep(300);
    expect(stream.over).toBe(false);
    expect(socket.socket.readyState).toBe(socket.socket.OPEN);
    await two.client.logOut({ wait: 10_000 });
    await Promise.all([stream.ended, socket.closed]);
  });
});

describe('an ordinary refresh', () => {
  it('cuts nothing, three times; the logout after it cuts what the first token opened', async () => {
    const { phone, tab, access_token } = await twoDevices();
    const [stream, socket] = [await subscribe(tab), await greeting.open(access_token)];
    for (let i = 0; i < 3; i += 1) {
      const before = phone.storage.get() as Tokens;
      const newer = await refresh(system.auth.url, before);
      expect(newer.access_token).not.toBe(before.access_token);
      void phone.storage.set({ ...before, ...newer } as never);
      await sleep(300);
      expect(stream.over).toBe(false);
      expect(socket.socket.readyState).toBe(socket.socket.OPEN);
    }
    expect(tab.requests.filter(({ url }) => url.pathname === '/trpc/me.events')).toHaveLength(1);
    await phone.client.logOut({ wait: 10_000 });
    expect((await stream.ended).error).toMatchObject({ code: 'invalid_token' });
    expect((await socket.closed).code).toBe(CLOSE_CODES.invalid_token);
  });
});

it('no token was ever in an address', async () => {
  const { tab, access_token } = await twoDevices();
  const stream = await subscribe(tab);
  expect(tab.requests.some(({ authorization }) => authorization?.includes(access_token))).toBe(
    true,
  );
  for (const { url } of tab.requests) expect(url.href).not.toContain(access_token.slice(0, 20));
  await tab.client.logOut({ wait: 10_000 });
  await stream.ended;
});

/** Subscriptions over SSE: what opens them, what ends them, and what opens them again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createPortcullisClient,
  type PortcullisClient,
  type SignedOutReason,
} from '../src/index.ts';
import { FakeServices } from './fake-services.ts';

let services: FakeServices;
let client: PortcullisClient;
let signedOut: SignedOutReason[];

beforeEach(async () => {
  services = await new FakeServices().listen();
  const { url } = services;
  client = createPortcullisClient({ auth: url, user: url, admin: url });
  signedOut = [];
  client.session.onSignedOut((reason) => signedOut.push(reason));
  await client.logIn({ email: 'a@example.test', password: 'right' });
});
afterEach(async () => services[Symbol.asyncDispose]());

interface Heard {
  data: unknown[];
  errors: unknown[];
  states: string[];
  unsubscribe(): void;
}

function listen(context: Record<string, unknown> = {}): Heard {
  const heard: Omit<Heard, 'unsubscribe'> = { data: [], errors: [], states: [] };
  const { unsubscribe } = client.user.me.events.subscribe(undefined, {
    context,
    onData: ({ data }) => heard.data.push(data),
    onError: (error) => heard.errors.push(error),
    onConnectionStateChange: ({ state }) => heard.states.push(state),
  });
  return { ...heard, unsubscribe };
}

async function opened(count = 1): Promise<void> {
  await expect
    .poll(() => services.stream.openings.length, { interval: 2, timeout: 10_000 })
    .toBe(count);
  await expect.poll(() => services.stream.open, { interval: 2, timeout: 10_000 }).toBe(1);
}

describe('a subscription', () => {
  test('carries the token in a header and never in its address', async () => {
    const heard = listen({ requestId: 'req_mine' });
    await opened();
    const [opening] = services.stream.openings;
    expect(opening).toMatchObject({ authorization: 'Bearer access-1', requestId: 'req_mine' });
    expect(opening?.url).not.toContain('access');
    services.stream.send('a-1', { type: 'ready' });
    await expect.poll(() => heard.data).toEqual([{ type: 'ready' }]);
    heard.unsubscribe();
    await expect.poll(() => services.stream.open).toBe(0);
    await sleep(600);
    expect(services.stream.openings).toHaveLength(1);
    expect(heard.errors).toEqual([]);
  });

  test('hears events that come in pieces, with any line ends', async () => {
    const heard = listen();
    await opened();
    for (const byte of new TextEncoder().encode('data: {"text":"grüß"}\r\nid: a-1\r\n\r\n')) {
      services.stream.sendRaw(new Uint8Array([byte]));
      await sleep(1);
    }
    services.stream.sendRaw(': a comment\n\ndata: {"a":\ndata: 1}\rid: a-2\r\rdata: {"cut');
    await expect.poll(() => heard.data).toEqual([{ text: 'grüß' }, { a: 1 }]);
    heard.unsubscribe();
  });

  test('an ordinary refresh cuts nothing', async () => {
    const heard = listen();
    await opened();
    services.validAccess = 'another one';
    await client.user.me.get.query();
    services.stream.send('a-1', 1);
    await expect.poll(() => heard.data).toEqual([1]);
    expect(services.stream.openings).toHaveLength(1);
    heard.unsubscribe();
  });
});

describe('cut with invalid_token', () => {
  test('it is over: one error, signed out, and not one more request', async () => {
    const heard = listen();
    await opened();
    services.stream.cut('invalid_token', 401);
    await expect.poll(() => heard.errors).toMatchObject([{ code: 'invalid_token', status: 401 }]);
    const before = services.seen.length;
    await sleep(2_000);
    expect(services.seen).toHaveLength(before);
    expect(services.calls('refresh')).toHaveLength(0);
    expect(signedOut).toEqual(['refused']);
    expect(await client.session.id()).toBeUndefined();
    expect(heard.errors).toHaveLength(1);
  });

  test('the tokens of another login are kept', async () => {
    const heard = listen();
    await opened();
    services.sessionId = 'ses_2';
    await client.logIn({ email: 'b@example.test', password: 'right' });
    services.stream.cut('invalid_token', 401);
    await expect.poll(() => heard.errors).toHaveLength(1);
    expect(signedOut).toEqual([]);
    expect(await client.session.id()).toBe('ses_2');
  });

  test('after a logout here nothing is reported twice and no request is sent', async () => {
    const heard = listen();
    await opened();
    await client.logOut();
    services.stream.hangUp();
    await expect
      .poll(() => heard.errors, { timeout: 3_000 })
      .toMatchObject([{ code: 'invalid_token' }]);
    expect(signedOut).toEqual(['logged_out']);
    expect(services.stream.openings).toHaveLength(1);
  });
});

describe('cut, and opened again', () => {
  test('token_stale: at once, with a renewed token, from where it was', async () => {
    const heard = listen();
    await opened();
    services.stream.send('a-7', 1);
    await expect.poll(() => heard.data).toEqual([1]);
    const at = performance.now();
    services.stream.cut('token_stale', 401);
    await opened(2);
    expect(services.stream.openings[1]).toMatchObject({
      authorization: 'Bearer access-2',
      lastEventId: 'a-7',
    });
    expect((services.stream.openings[1]?.at ?? 0) - at).toBeLessThan(200);
    expect(services.calls('refresh')).toHaveLength(1);
    services.stream.send('a-8', 2);
    await expect.poll(() => heard.data).toEqual([1, 2]);
    expect(heard.errors).toEqual([]);
    expect(signedOut).toEqual([]);
    heard.unsubscribe();
  });

  test('token_stale again and again: with growing delays', async () => {
    const heard = listen();
    for (let cut = 1; cut <= 3; cut += 1) {
      await opened(cut);
      services.stream.cut('token_stale', 401);
    }
    await opened(4);
    const at = services.stream.openings.map((opening) => opening.at);
    expect((at[2] ?? 0) - (at[1] ?? 0)).toBeGreaterThan(200);
    expect((at[3] ?? 0) - (at[2] ?? 0)).toBeGreaterThan(400);
    expect(services.calls('refresh')).toHaveLength(3);
    heard.unsubscribe();
  });

  test.each([
    ['verifier_stale', 503],
    ['unavailable', 503],
  ] as const)('%s: with the same token, after a while', async (code, status) => {
    const heard = listen();
    await opened();
    services.stream.cut(code, status);
    await opened(2);
    expect(services.calls('refresh')).toHaveLength(0);
    expect(services.stream.openings[1]).toMatchObject({ authorization: 'Bearer access-1' });
    expect(heard.states).toContain('connecting');
    heard.unsubscribe();
  });

  test('a broken connection', async () => {
    const heard = listen();
    await opened();
    services.stream.send('a-3', 1);
    await expect.poll(() => heard.data).toEqual([1]);
    services.stream.hangUp();
    await opened(2);
    expect(services.stream.openings[1]).toMatchObject({ lastEventId: 'a-3' });
    heard.unsubscribe();
  });
});

describe('an opening that is refused', () => {
  test.each(['invalid_token', 'token_stale'] as const)('%s: once more, renewed', async (code) => {
    services.refusal = code;
    services.validAccess = 'another one';
    const heard = listen();
    await expect.poll(() => services.stream.openings.length).toBe(2);
    await expect.poll(() => services.stream.open).toBe(1);
    expect(services.calls('refresh')).toHaveLength(1);
    heard.unsubscribe();
  });

  test('and refused again: for good', async () => {
    services.refuseAll = true;
    const heard = listen();
    await expect.poll(() => heard.errors).toMatchObject([{ code: 'invalid_token', status: 401 }]);
    await sleep(600);
    expect(services.stream.openings).toHaveLength(2);
    expect(services.calls('refresh')).toHaveLength(1);
    expect(signedOut).toEqual([]);
  });

  test('and whose session is over: signed out', async () => {
    services.validAccess = services.validRefresh = 'another one';
    const heard = listen();
    await expect
      .poll(() => heard.errors)
      .toMatchObject([{ code: 'invalid_refresh_token', name: 'PortcullisError' }]);
    expect(signedOut).toEqual(['refused']);
  });

  test('without a login a subscription ends for good, and no request is sent', async () => {
    await client.logOut();
    const heard = listen();
    await expect.poll(() => heard.errors).toMatchObject([{ code: 'invalid_token' }]);
    expect(services.stream.openings).toHaveLength(0);
  });
});

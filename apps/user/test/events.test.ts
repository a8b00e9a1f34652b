/** The live subscription of one's own account events, over real HTTP, NATS and PostgreSQL. */
import { newId, type AccountEvent, type UserId } from '@portcullis/contracts';
import { createPortcullisClient } from '@portcullis/client';
import { freePort } from '@portcullis/testbed';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSurroundings, deleted, registered, startUserService } from './user-service.ts';

let around: Awaited<ReturnType<typeof createSurroundings>>;
let service: Awaited<ReturnType<typeof startUserService>>;
/** Another instance of the same service. */
let other: Awaited<ReturnType<typeof startUserService>>;
let lasting: { openedAt: number; heard: Heard };

beforeAll(async () => {
  around = await createSurroundings();
  await around.makeStream();
  service = around.bed.use(await startUserService(around.config));
  other = await startUserService({ ...around.config, port: await freePort() });
  around.bed.use(other);
  const token = await around.issuer.mint();
  lasting = { openedAt: performance.now(), heard: await listen({ token }) };
});
afterAll(() => around.bed.dispose());

interface Told {
  event: string;
  data: any;
  id: string;
}
interface Heard {
  status: number;
  told: Told[];
  types(): string[];
  /** Resolves when the answer has ended. */
  ended: Promise<void>;
  close(): void;
}

/** The subscription as it is on the wire. */
async function listen(options: { token: string; after?: string; url?: string }): Promise<Heard> {
  const closing = new AbortController();
  const headers: Record<string, string> = {
    authorization: `Bearer ${options.token}`,
    accept: 'text/event-stream',
  };
  if (options.after !== undefined) headers['last-event-id'] = options.after;
  const response = await fetch(`${options.url ?? service.url}/trpc/me.events`, {
    headers,
    signal: closing.signal,
  });
  const told: Told[] = [];
  const read = async () => {
    let rest = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      rest += chunk;
      for (let at = rest.indexOf('\n\n'); at !== -1; at = rest.indexOf('\n\n')) {
        const block = rest.slice(0, at);
        rest = rest.slice(at + 2).replace(/^\n+/, '');
        const field = (name: string) =>
          new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? undefined;
        const data = field('data') ?? '';
        told.push({
          event: field('event') ?? 'message',
          data: data === '' ? undefined : JSON.parse(data),
          id: field('id') ?? '',
        });
      }
    }
  };
  return {
    status: response.status,
    told,
    types: () => told.filter(({ event }) => event === 'message').map(({ data }) => data.type),
    ended: response.ok ? read().catch(() => undefined) : Promise.resolve(),
    close: () => closing.abort(),
  };
}

function rolesChanged(id: UserId): AccountEvent {
  return { ...deleted(id), type: 'roles-changed', roles: ['support'] };
}

async function openStreams(url = service.url): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(/^portcullis_http_streams_open\{.*\} (\d+)$/m.exec(metrics)?.[1]);
}

/** Streams that earlier tests have closed are open at the service a moment longer: waits until `lasting` is alone. */
async function onlyLasting(): Promise<number> {
  await expect.poll(() => openStreams()).toBe(1);
  return 1;
}

describe('me.events', () => {
  it('a user gets events of their own account, and of no other', async () => {
    const [id, stranger] = [newId('usr'), newId('usr')];
    const heard = await listen({ token: await around.issuer.mint({ sub: id }) });
    await expect.poll(heard.types).toEqual(['ready']);
    await around.publish(registered(id));
    await expect.poll(heard.types).toEqual(['ready', 'registered']);
    await around.publish(registered(stranger));
    await around.publish(rolesChanged(id));
    await expect.poll(heard.types).toEqual(['ready', 'registered', 'roles-changed']);
    const last = heard.told.at(-1);
    expect(Object.keys(last?.data).toSorted()).toEqual(['occurred_at', 'roles', 'type']);
    heard.close();
  });

  it('tells it wherever the stream is open, and of a changed profile too', async () => {
    const id = newId('usr');
    const token = await around.issuer.mint({ sub: id });
    const streams = [await listen({ token }), await listen({ token, url: other.url })];
    for (const heard of streams) await expect.poll(heard.types).toEqual(['ready']);
    await around.publish(registered(id));
    for (const heard of streams) {
      await expect.poll(heard.types).toEqual(['ready', 'registered']);
    }
    const renamed = await fetch(`${service.url}/v1/me`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: '{"name":"Grace"}',
    });
    expect(renamed.status).toBe(200);
    for (const heard of streams) {
      await expect.poll(heard.types).toEqual(['ready', 'registered', 'profile-changed']);
      heard.close();
    }
  });

  it('goes on where it broke off, or says that something is missing', async () => {
    const id = newId('usr');
    const token = await around.issuer.mint({ sub: id });
    const first = await listen({ token });
    await expect.poll(first.types).toEqual(['ready']);
    first.close();
    await around.publish(registered(id));
    await around.publish(rolesChanged(id));
    const after = first.told.at(-1)!.id;
    const second = await listen({ token, after });
    // The instances share the work, so that two events may come in either order.
    await expect.poll(() => second.types().toSorted()).toEqual(['registered', 'roles-changed']);
    const third = await listen({ token, after: second.told[1]!.id });
    await expect.poll(third.types).toEqual(second.types().slice(1));
    const elsewhere = await listen({ token, after, url: other.url });
    // What happened may still be on its way to that instance, and comes then.
    await expect.poll(() => elsewhere.types()[0]).toBe('gap');
    for (const heard of [second, third, elsewhere]) heard.close();
  });

  it('ends for good with the session, and leaves nothing behind', async () => {
    const before = await onlyLasting();
    const sid = newId('ses');
    const heard = await listen({ token: await around.issuer.mint({ sid }) });
    const spared = await listen({ token: await around.issuer.mint() });
    await expect.poll(() => openStreams()).toBe(before + 2);
    around.issuer.revocations.revoke({ kind: 'session', key: sid });
    await heard.ended;
    expect(heard.told.at(-1)).toMatchObject({
      event: 'serialized-error',
      data: { data: { httpStatus: 401, portcullis: { code: 'invalid_token' } } },
    });
    await expect.poll(() => openStreams()).toBe(before + 1);
    spared.close();
    await expect.poll(() => openStreams()).toBe(before);
  });

  it('ends with a code to come back on when claims have changed', async () => {
    const sub = newId('usr');
    const heard = await listen({ token: await around.issuer.mint({ sub }) });
    around.issuer.revocations.revoke({ kind: 'claims_changed', key: sub, generation: 1 });
    await heard.ended;
    expect(heard.told.at(-1)?.data.data.portcullis.code).toBe('token_stale');
  });

  it('refuses before it begins with a status, like any other call', async () => {
    expect((await listen({ token: 'nonsense' })).status).toBe(401);
    const machine = await around.issuer.mintMachine();
    expect((await listen({ token: machine })).status).toBe(403);
    const before = await onlyLasting();
    const bad = await fetch(`${service.url}/trpc/me.events?input=%7B%22x%22%3A1%7D`, {
      headers: { authorization: `Bearer ${await around.issuer.mint()}` },
    });
    expect(bad.status).toBe(400);
    await expect.poll(() => openStreams()).toBe(before);
  });

  it('open streams are bounded for each user by themselves', async () => {
    const token = await around.issuer.mint();
    const open = await Promise.all(Array.from({ length: 20 }, () => listen({ token })));
    expect(new Set(open.map(({ status }) => status))).toEqual(new Set([200]));
    expect((await listen({ token })).status).toBe(429);
    const stranger = await listen({ token: await around.issuer.mint() });
    expect(stranger.status).toBe(200);
    for (const heard of [...open, stranger]) heard.close();
    await expect.poll(async () => (await listen({ token })).status).toBe(200);
  });

  it('is heard through the SDK', async () => {
    const id = newId('usr');
    const tokens = {
      access_token: await around.issuer.mint({ sub: id }),
      token_type: 'Bearer' as const,
      expires_in: 600,
      refresh_token: 'none',
      session_id: newId('ses'),
    };
    const storage = { get: () => tokens, set: () => undefined, clear: () => undefined };
    const { url } = service;
    const client = createPortcullisClient({ auth: url, user: url, admin: url, storage });
    const types: string[] = [];
    const { unsubscribe } = client.user.me.events.subscribe(undefined, {
      onData: ({ data }) => types.push(data.type),
    });
    await expect.poll(() => types).toEqual(['ready']);
    await around.publish(registered(id));
    await expect.poll(() => types).toEqual(['ready', 'registered']);
    unsubscribe();
  });

  it('outlives the bound of a request, with signs of life', async () => {
    await sleep(Math.max(0, 21_000 - (performance.now() - lasting.openedAt)));
    const { heard } = lasting;
    expect(heard.told.map(({ event }) => event)).not.toContain('serialized-error');
    expect(heard.told.filter(({ event }) => event === 'ping').length).toBeGreaterThanOrEqual(3);
    let over = false;
    void heard.ended.then(() => {
      over = true;
    });
    await sleep(0);
    expect(over).toBe(false);
    heard.close();
  });

  it('ends with a code to come back on when the service stops, at once', async () => {
    const heard = await listen({ token: await around.issuer.mint(), url: other.url });
    await expect.poll(heard.types).toEqual(['ready']);
    const at = performance.now();
    await Promise.all([other.drain(), heard.ended]);
    expect(performance.now() - at).toBeLessThan(1_000);
    expect(heard.told.at(-1)).toMatchObject({
      event: 'serialized-error',
      data: { data: { httpStatus: 503, portcullis: { code: 'unavailable', retry_after: 1 } } },
    });
  });
});

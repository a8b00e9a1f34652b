/** What the edge answers when all is well, and how it says what is not. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { MAX_HANDLING_MS } from '../src/http/bounds.ts';
import { NotReady } from '../src/index.ts';
import { caller, GOOD_TOKEN, startSmallService } from './small-service.ts';

let service: Awaited<ReturnType<typeof startSmallService>>;
beforeAll(async () => {
  service = await startSmallService();
});
afterAll(() => service[Symbol.asyncDispose]());

const BEARER = { authorization: `bearer ${GOOD_TOKEN}` };
const at = (path: string, init?: RequestInit) => fetch(`${service.origin}${path}`, init);

describe('plain HTTP', () => {
  it('reads a query by the schema and nothing else', async () => {
    const response = await at('/v1/things?count=3&keep=false&text=5&when=now', { headers: BEARER });
    expect(response.status).toBe(200);
    // "false" is not true, and a number that is asked for as text stays text.
    expect(await response.json()).toEqual({
      input: { count: 3, keep: false, text: '5', when: 'now', wait: 250 },
    });
  });

  it('takes a filter that a form sends empty as left out', async () => {
    const response = await at('/v1/things?count=&keep=', { headers: BEARER });
    expect([response.status, await response.json()]).toEqual([200, { input: { wait: 250 } }]);
    const removing = await at('/v1/things/a?keep=', { method: 'DELETE' });
    expect(removing.status).toBe(400);
  });

  it('keeps coercion off for tRPC after REST was used', async () => {
    const input = encodeURIComponent(JSON.stringify({ keep: 'false' }));
    expect((await at(`/trpc/things.list?input=${input}`, { headers: BEARER })).status).toBe(400);
    const nothing = encodeURIComponent(JSON.stringify({ count: null }));
    expect((await at(`/trpc/things.list?input=${nothing}`, { headers: BEARER })).status).toBe(400);
  });

  it('takes an absent body and an empty object alike', async () => {
    const empty = [
      { method: 'POST' },
      { method: 'POST', headers: { 'content-type': 'application/json' } },
      {
        method: 'POST',
        headers: { 'content-type': 'application/json; charset=UTF-8' },
        body: '{}',
      },
      {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: '',
      },
    ];
    for (const init of empty) {
      const response = await at('/v1/things?wait=7', init);
      expect(response.status).toBe(201);
      expect(await response.json()).toEqual({ input: { wait: 7 } });
    }
  });

  it('decodes path parameters, and joins them with the body', async () => {
    const removed = await at('/v1/things/a%20%C3%A4?keep=true', { method: 'DELETE' });
    expect(await removed.json()).toEqual({ input: { id: 'a ä', keep: true } });
    const changed = await at('/v1/things/usr_01jd0000000000000000000000', {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: '{"text":null}',
    });
    expect(await changed.json()).toEqual({
      input: { id: 'usr_01jd0000000000000000000000', text: null },
    });
  });

  it('takes a form where the route says so, under the names of the form', async () => {
    const response = await at('/v1/login', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'password',
        other: 'is ignored',
        username: 'a+b@c.test',
        password: 'p & q = ü',
      }).toString(),
    });
    expect(await response.json()).toEqual({
      input: { email: 'a+b@c.test', password: 'p & q = ü' },
    });
  });

  it('answers HEAD and OPTIONS', async () => {
    const head = await at('/v1/me', { method: 'HEAD', headers: BEARER });
    expect([head.status, await head.text()]).toEqual([200, '']);
    const options = await at('/v1/things', { method: 'OPTIONS' });
    expect(options.status).toBe(204);
    expect(options.headers.get('allow')).toBe('GET, HEAD, OPTIONS, POST');
    const wrong = await at('/v1/things/a', { method: 'POST' });
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'DELETE, OPTIONS, PATCH']);
  });
});

describe('refusals', () => {
  const failing = (how: string, path = '/v1/fail', headers: Record<string, string> = {}) =>
    at(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ how }),
    });

  it.each(['/v1/me', '/trpc/me'])('%s: 401 says what RFC 6750 section 3.1 wants', async (path) => {
    const without = await at(path);
    expect(without.status).toBe(401);
    expect(without.headers.get('www-authenticate')).toBe(
      'Bearer realm="portcullis", DPoP algs="ES256 EdDSA Ed25519"',
    );
    const bad = await at(path, { headers: { authorization: 'Bearer bad' } });
    expect(bad.status).toBe(401);
    expect(bad.headers.get('www-authenticate')).toBe(
      'Bearer realm="portcullis", error="invalid_token", DPoP algs="ES256 EdDSA Ed25519"',
    );
  });

  it.each(['/v1/fail', '/trpc/fail'])(
    '%s: each failure has its status and its headers',
    async (path) => {
      const scope = await failing('scope', path);
      expect(scope.status).toBe(403);
      expect(scope.headers.get('www-authenticate')).toContain('error="insufficient_scope"');
      const limited = await failing('limited', path);
      expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '7']);
      const database = await failing('database', path);
      expect([database.status, database.headers.get('retry-after')]).toEqual([503, '1']);
      const stale = await failing('stale', path, BEARER);
      expect(stale.headers.get('www-authenticate')).toContain('error="invalid_token"');
      const defect = await failing('defect', path);
      expect(defect.status).toBe(500);
      expect(await defect.text()).not.toContain('private');
    },
  );

  it('counts a procedure of a batch by itself', async () => {
    const response = await at('/trpc/me,nothing?batch=1', { headers: BEARER });
    expect(response.status).toBe(207);
    expect(await response.json()).toMatchObject([
      { result: { data: { id: caller.sub } } },
      { error: { data: { portcullis: { code: 'not_found' } } } },
    ]);
  });
});

describe('tRPC', () => {
  const JSONL = { 'trpc-accept': 'application/jsonl' };

  it('never streams answers, which would be 200 whatever comes of them', async () => {
    for (const path of ['/trpc/me?batch=1', '/trpc/me', '/trpc/me,fail?batch=1']) {
      const response = await at(path, { headers: { ...JSONL, ...BEARER } });
      expect([response.status, await response.json()]).toMatchObject([
        400,
        { error: { data: { portcullis: { code: 'invalid_request' } } } },
      ]);
    }
    const accept = { accept: 'application/jsonl, text/event-stream' };
    const refused = await at('/trpc/me?batch=1', { headers: accept });
    expect([refused.status, refused.headers.has('www-authenticate')]).toEqual([401, true]);
    const away = await at('/trpc/fail?batch=1', {
      method: 'POST',
      headers: { ...accept, 'content-type': 'application/json' },
      body: JSON.stringify({ 0: { how: 'database' } }),
    });
    expect([away.status, away.headers.get('retry-after')]).toEqual([503, '1']);
  });

  it.each(['/trpc/me?connectionParams=x', '/trpc/me?batch=1&input=x', '/trpc/nothing'])(
    '%s: says that its errors are JSON',
    async (path) => {
      const response = await at(path, { headers: BEARER });
      expect(response.status).toBeGreaterThanOrEqual(400);
      expect(response.headers.get('content-type')).toMatch(/^application\/json/);
      await response.json();
    },
  );
});

describe('work that stands still', () => {
  const never = (): Promise<never> => new Promise(() => undefined);

  it.each(['/v1/slow', '/trpc/slow', '/raw'])('%s: is answered 503 in the end', async (url) => {
    await using own = await startSmallService({ rawRoutes: (app) => app.get('/raw', never) });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      let status: number | undefined;
      const answer = own.server.app.inject({ url }).then((response) => {
        status = response.statusCode;
        return response;
      });
      await vi.advanceTimersByTimeAsync(MAX_HANDLING_MS - 1);
      expect(status).toBeUndefined();
      await vi.advanceTimersByTimeAsync(1);
      const { statusCode, headers } = await answer;
      expect([statusCode, headers['retry-after']]).toEqual([503, '1']);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('the request id', () => {
  it('travels when it is well-formed, and is made otherwise', async () => {
    const given = await at('/v1/me', { headers: { ...BEARER, 'x-request-id': 'abc-12345' } });
    expect(given.headers.get('x-request-id')).toBe('abc-12345');
    expect(await given.json()).toMatchObject({ request_id: 'abc-12345' });
    for (const bad of ['short', 'with space in', 'x'.repeat(65), 'a"b"c"d"e']) {
      const made = await at('/v1/me', { headers: { ...BEARER, 'x-request-id': bad } });
      expect(made.headers.get('x-request-id')).toMatch(/^req_[A-Za-z0-9_-]{16}$/);
    }
    expect(service.log()).toContain('"request_id":"abc-12345"');
  });
});

describe('operation', () => {
  it('is alive, ready, and counted by pattern', async () => {
    expect((await at('/healthz')).status).toBe(200);
    expect(await (await at('/readyz')).json()).toEqual({ status: 'ready', checks: {} });
    await at('/v1/secret-path-of-a-client');
    await at('/trpc/me', { headers: BEARER });
    const metrics = await (await at('/metrics')).text();
    expect(metrics).toContain('portcullis_http_requests_total');
    expect(metrics).toContain('route="/trpc/me"');
    expect(metrics).toContain('route="(unmatched)"');
    expect(metrics).not.toContain('secret-path');
  });

  it('says why it is not ready, within the bound of each check', async () => {
    const checks = {
      good: () => undefined,
      bad: () => {
        throw new Error('private detail');
      },
      known: () => {
        throw new NotReady('not connected');
      },
      hanging: { check: () => new Promise(() => undefined), timeoutMs: 50 },
    };
    await using other = await startSmallService({ readiness: checks });
    const response = await fetch(`${other.origin}/readyz`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({
      status: 'not_ready',
      checks: {
        good: { ok: true },
        bad: { ok: false, reason: 'failed' },
        known: { ok: false, reason: 'not connected' },
        hanging: { ok: false, reason: 'no answer in 50 ms' },
      },
    });
  });

  it('finishes what is under way before it stops', async () => {
    await using other = await startSmallService();
    const underWay = fetch(`${other.origin}/v1/slow`);
    await expect.poll(() => other.gate.entered).toBe(1);
    const probe = await openConnection(other.origin);
    const drained = other.server.drain();
    await expect
      .poll(async () => await fetch(`${other.origin}/healthz`).catch(() => 'refused'))
      .toBe('refused');
    // A connection from before still hears that the service is stopping.
    expect(await probe('/readyz')).toContain('503 Service Unavailable');
    let stopped = false;
    void drained.then(() => {
      stopped = true;
    });
    expect(stopped).toBe(false);
    other.gate.open();
    expect(await (await underWay).json()).toEqual({ done: true });
    await drained;
    expect(stopped).toBe(true);
  });

  it('says on every answer, once it stops, that the connection is closed', async () => {
    // Longer than six requests take on a busy machine.
    await using other = await startSmallService({ drainDelayMs: 2_000 });
    const underWay = fetch(`${other.origin}/v1/slow`);
    await expect.poll(() => other.gate.entered).toBe(1);
    const drained = other.server.drain();
    // Served as ever for as long as balancers take to hear of it, refusals too.
    for (const [path, status] of [
      ['/readyz', 503],
      ['/healthz', 200],
      ['/metrics', 200],
      ['/v1/me', 401],
      ['/v1/nothing', 404],
      ['/%zz', 400],
    ] as const) {
      const answer = await fetch(`${other.origin}${path}`);
      expect([path, answer.status, answer.headers.get('connection')]).toEqual([
        path,
        status,
        'close',
      ]);
    }
    other.gate.open();
    expect((await underWay).headers.get('connection')).toBe('close');
    await drained;
    await expect(fetch(`${other.origin}/healthz`)).rejects.toThrow();
  });

  it('serves what is on its way on a connection that it has kept, and does not wait when it failed', async () => {
    await using other = await startSmallService({ drainDelayMs: 60_000 });
    const { hostname, port } = new URL(other.origin);
    const socket = connect(Number(port), hostname);
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const get = () => socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    get();
    await expect.poll(() => text).toContain('alive');
    const drained = other.server.drain({ atOnce: true });
    await new Promise((resolve) => setTimeout(resolve, 30));
    text = '';
    get();
    await drained;
    expect(text).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(text).toMatch(/^connection: close/im);
  });

  it('believes forwarded addresses from trusted peers only', async () => {
    const forwarded = { headers: { 'x-forwarded-for': '203.0.113.9' } };
    await at('/v1/nothing', forwarded);
    expect(service.log()).not.toContain('203.0.113.9');
    await using trusting = await startSmallService({ trustedProxies: ['127.0.0.1'] });
    await fetch(`${trusting.origin}/v1/nothing`, forwarded);
    await expect.poll(() => trusting.log()).toContain('"address":"203.0.113.9"');
  });
});

/** A connection that has been used once and stays busy with the next request half sent. */
async function openConnection(origin: string): Promise<(path: string) => Promise<string>> {
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname);
  await new Promise((resolve) => socket.once('connect', resolve));
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  socket.write('GET /readyz HTTP/1.1\r\nhost: a\r\n');
  return async (path) => {
    // The request line is out; only the end of its headers was missing.
    expect(path).toBe('/readyz');
    socket.write('\r\n');
    await new Promise((resolve) => socket.once('close', resolve));
    return text;
  };
}

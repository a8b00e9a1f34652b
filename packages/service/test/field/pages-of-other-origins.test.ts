/** Faults from the field: what a page of another, allowed origin gets to read. */
import { publicProcedure, router } from '@portcullis/api';
import { z } from 'zod';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cookieSettings, readConfig, serviceFields } from '../../src/index.ts';
import { sendRaw, startSmallService } from '../small-service.ts';

const PAGE = 'https://app.example.com';

const streaming = router({
  now: publicProcedure.output(z.object({ done: z.boolean() })).query(() => ({ done: true })),
  ticks: publicProcedure.subscription(async function* ticks() {
    yield await Promise.resolve(1);
  }),
});

let service: Awaited<ReturnType<typeof startSmallService>>;
let streams: Awaited<ReturnType<typeof startSmallService>>;
beforeAll(async () => {
  const cookies = { origins: [PAGE] };
  service = await startSmallService({ cookies });
  streams = await startSmallService({ cookies, router: streaming });
});
afterAll(async () => {
  await service?.[Symbol.asyncDispose]();
  await streams?.[Symbol.asyncDispose]();
});

type Init = { method?: string; headers?: Record<string, string> };

async function ask(origin: string, path: string, init: Init = {}): Promise<Response> {
  return await fetch(origin + path, { ...init, headers: { origin: PAGE, ...init.headers } });
}

function namesIn(vary: string | null | undefined): string[] {
  return (vary ?? '').split(',').map((name) => name.trim().toLowerCase());
}

/** The answer to bytes that are no request, or to one that is refused before it has a route. */
async function raw(head: string): Promise<{ status: number; header: (name: string) => string }> {
  const text = await sendRaw(service.origin, head.replaceAll('\n', '\r\n'));
  const [lines = ''] = text.split('\r\n\r\n', 1);
  return {
    status: Number(lines.split(' ')[1]),
    header: (name) => new RegExp(`^${name}: (.*)$`, 'im').exec(lines)?.[1]?.trim() ?? '',
  };
}

it('H8: further headers of requests and answers are allowed by configuration', async () => {
  const read = readConfig(z.object(serviceFields({ production: true, port: 0 })), {
    NATS_URL: 'nats://127.0.0.1:4222',
    PORTCULLIS_ISSUER: 'https://issuer.test',
    PORTCULLIS_WEB_ORIGINS: PAGE,
    PORTCULLIS_WEB_REQUEST_HEADERS: 'traceparent, Sentry-Trace',
    PORTCULLIS_WEB_ANSWER_HEADERS: 'server-timing',
  });
  await using configured = await startSmallService({ cookies: cookieSettings(read) });
  const preflight = await ask(configured.origin, '/v1/me', {
    method: 'OPTIONS',
    headers: {
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'authorization, traceparent',
    },
  });
  const allowed = namesIn(preflight.headers.get('access-control-allow-headers'));
  expect(allowed).toEqual(expect.arrayContaining(['authorization', 'traceparent', 'sentry-trace']));
  const { headers } = await ask(configured.origin, '/healthz');
  const exposed = namesIn(headers.get('access-control-expose-headers'));
  expect(exposed).toEqual(expect.arrayContaining(['x-request-id', 'server-timing']));
});

it('H10: an answer of tRPC says that it depends on the origin', async () => {
  for (const path of ['/trpc/now', '/trpc/nothing', '/trpc/now,now?batch=1']) {
    const { headers } = await ask(streams.origin, path);
    expect(headers.get('access-control-allow-origin'), path).toBe(PAGE);
    expect(namesIn(headers.get('vary')), path).toContain('origin');
  }
});

it('H10: a stream of tRPC says that it depends on the origin', async () => {
  const { headers, body } = await ask(streams.origin, '/trpc/ticks');
  await body?.cancel();
  expect(headers.get('content-type')).toContain('text/event-stream');
  expect(namesIn(headers.get('vary'))).toContain('origin');
});

it('H11: a page may read the refusal of a malformed address', async () => {
  const { status, headers } = await ask(service.origin, '/v1/%zz');
  expect([status, headers.get('access-control-allow-origin')]).toEqual([400, PAGE]);
  expect(namesIn(headers.get('vary'))).toContain('origin');
});

it('H11: the preflight for a malformed address is answered, so that the refusal can be read', async () => {
  const { status } = await ask(service.origin, '/v1/%zz', {
    method: 'OPTIONS',
    headers: { 'access-control-request-method': 'GET' },
  });
  expect(status).toBe(204);
});

it.each([
  [
    'an address that is too long',
    414,
    `GET /trpc/${'a'.repeat(2_100)} HTTP/1.1\nHost: x\nOrigin: ${PAGE}\n\n`,
  ],
  [
    'headers that are too large',
    431,
    `GET / HTTP/1.1\nHost: x\nOrigin: ${PAGE}\nX: ${'a'.repeat(17_000)}\n\n`,
  ],
  ['an Expect that is not known', 400, `GET / HTTP/1.1\nHost: x\nOrigin: ${PAGE}\nExpect: tea\n\n`],
  ['a header without a name', 400, `GET / HTTP/1.1\nHost: x\nOrigin: ${PAGE}\n: x\n\n`],
  [
    'a body with a broken chunk',
    400,
    `POST /v1/things HTTP/1.1\nHost: x\nOrigin: ${PAGE}\nContent-Type: application/json\nTransfer-Encoding: chunked\n\nzz\n`,
  ],
])('H11: a page may read the refusal of %s', async (_what, status, bytes) => {
  const answer = await raw(bytes);
  expect([answer.status, answer.header('access-control-allow-origin')]).toEqual([status, PAGE]);
  expect(namesIn(answer.header('vary'))).toContain('origin');
});

it('H15: a tRPC path that is too long is refused in the envelope of tRPC', async () => {
  const response = await fetch(`${service.origin}/trpc/${'a'.repeat(2_100)}`);
  const body = z
    .object({ error: z.object({ data: z.object({ portcullis: z.object({ code: z.string() }) }) }) })
    .safeParse(await response.json());
  expect(response.status).toBe(414);
  expect(body.data?.error.data.portcullis.code).toBe('uri_too_long');
});

it.each([
  ['a malformed path', 400, '/trpc/%zz', {}],
  ['a path of two parts', 404, '/trpc/a/b', {}],
  ['another method', 405, '/trpc/me', { method: 'PUT' }],
])('H15: %s under /trpc/ is refused in the envelope of tRPC', async (_what, status, path, init) => {
  const response = await fetch(service.origin + path, init);
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ error: { data: { httpStatus: status } } });
});

/** Whatever is sent, nothing is answered 500. One seed chooses the requests, so that a failure comes again. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GOOD_TOKEN, sendRaw, startSmallService } from './small-service.ts';

const SEED = 20_260_101;
const REQUESTS = 1_500;

let service: Awaited<ReturnType<typeof startSmallService>>;
beforeAll(async () => {
  service = await startSmallService();
});
afterAll(() => service[Symbol.asyncDispose]());

/** Mulberry32: small, and the same everywhere. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'PURGE'];
const PATHS = [
  '/v1/things',
  '/v1/things/usr_01jd0000000000000000000000',
  '/v1/things/%00',
  '/v1/me',
  '/v1/login',
  '/trpc/things.list',
  '/trpc/things.create',
  '/trpc/me,me',
  '/trpc/%2e%2e',
  '/docs',
  '/openapi.json',
  '/healthz',
  '/',
];
const QUERIES = [
  '',
  '?batch=1',
  '?batch=1&input={}',
  '?batch=1&input={"0":{"count":[]}}',
  '?input=%7B%22count%22:-1%7D',
  '?count=99999999999999999999',
  '?wait=1&wait=2',
  '?keep=false&text=%F0%9F%92%A9',
  '?%',
  '?input=[[[[',
  '?text=%ED%A0%80',
];
const TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'application/json; charset="utf-16"',
  'application/x-www-form-urlencoded',
  'text/plain',
  'multipart/form-data; boundary=x',
  'application/octet-stream',
  ';;;',
  '',
];
const BODIES = [
  '',
  '{}',
  '[]',
  'null',
  '{"count":1}',
  '{"count":{}}',
  '{"text":"\\u0000"}',
  '{"0":{"count":1},"1":null}',
  '{"how":"limited"}',
  '{"__proto__":{}}',
  '{"toString":1,"hasOwnProperty":2}',
  'username=a&password=b',
  '%%%=1&&&=',
  '"\\ud800"',
  '1e400',
  '{"a":'.repeat(200),
];
const HEADERS = [
  `authorization: Bearer ${GOOD_TOKEN}`,
  'authorization: Bearer ',
  'authorization:',
  'trpc-accept: application/jsonl',
  'accept: text/event-stream',
  'last-event-id: [object Object]',
  'accept-version: 1.x',
  'x-request-id: \u00ff',
  'x-forwarded-for: ,,,',
  'content-encoding: gzip',
  'range: bytes=0-1',
  'if-none-match: *',
];

it(`answers ${REQUESTS} odd requests without a 500 (seed ${SEED})`, async () => {
  const next = random(SEED);
  const pick = <T>(from: readonly T[]): T => {
    const picked = from[Math.floor(next() * from.length)];
    if (picked === undefined) throw new Error('nothing to pick from');
    return picked;
  };
  const noise = () => String.fromCharCode(...Array.from({ length: 6 }, () => 33 + next() * 220));
  const requestOf = (): string => {
    const body = next() < 0.2 ? noise() : pick(BODIES);
    const query = next() < 0.2 ? `?${noise()}` : pick(QUERIES);
    const lines = [
      `${pick(METHODS)} ${pick(PATHS)}${next() < 0.1 ? noise() : ''}${query} HTTP/1.1`,
      'host: localhost',
      'connection: close',
      ...(next() < 0.8 ? [`content-type: ${pick(TYPES)}`] : []),
      ...Array.from({ length: Math.floor(next() * 4) }, () => pick(HEADERS)),
      `content-length: ${Buffer.byteLength(body, 'latin1')}`,
    ];
    return `${lines.join('\r\n')}\r\n\r\n${body}`;
  };
  const statuses = new Map<string, number>();
  for (let sent = 0; sent < REQUESTS; sent += 25) {
    const requests = Array.from({ length: 25 }, requestOf);
    await Promise.all(
      requests.map(async (bytes) => {
        const answer = await sendRaw(service.origin, Buffer.from(bytes, 'latin1'));
        const status = /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 'none';
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        expect(status, bytes).toMatch(/^[234]\d\d$/);
        expect(answer.toLowerCase(), bytes).toContain('x-content-type-options: nosniff');
      }),
    );
  }
  expect(statuses.get('200')).toBeGreaterThan(50);
}, 60_000);

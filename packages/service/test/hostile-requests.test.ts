/**
 * Whatever a client sends is answered with a JSON error of a stable code, and never with a 500.
 * (Issue 2, must show 8; hostile-input.md, Endpoints.)
 */
import { errorBody } from '@portcullis/contracts/schemas';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GOOD_TOKEN, sendRaw, startSmallService } from './small-service.ts';

let service: Awaited<ReturnType<typeof startSmallService>>;
beforeAll(async () => {
  service = await startSmallService();
});
afterAll(() => service[Symbol.asyncDispose]());

const JSON_TYPE = { 'content-type': 'application/json' };
const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded' };
const BEARER = { authorization: `Bearer ${GOOD_TOKEN}` };
const ID = 'usr_01jd0000000000000000000000';

interface Case {
  what: string;
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array<ArrayBuffer>;
  status: number;
  code: string;
}

const post = (what: string, body: string, status = 400, code = 'invalid_request'): Case => ({
  what,
  method: 'POST',
  path: '/v1/things',
  headers: JSON_TYPE,
  body,
  status,
  code,
});
const get = (what: string, query: string): Case => ({
  what,
  method: 'GET',
  path: `/v1/things?${query}`,
  headers: BEARER,
  status: 400,
  code: 'invalid_request',
});
const form = (what: string, body: string): Case => ({
  what,
  method: 'POST',
  path: '/v1/login',
  headers: FORM_TYPE,
  body,
  status: 400,
  code: 'invalid_request',
});
const trpc = (what: string, path: string, status: number, code: string): Case => ({
  what,
  method: 'GET',
  path,
  headers: BEARER,
  status,
  code,
});

/** Must be in no line of the log. */
const SECRET = 'hunter2-of-mine';

const cases: Case[] = [
  post('malformed JSON', '{"count":', 400, 'invalid_json'),
  post('two documents', '{}{}', 400, 'invalid_json'),
  post('a BOM', '\uFEFF{}', 400, 'invalid_json'),
  post('NaN', '{"count":NaN}', 400, 'invalid_json'),
  post('text without quotes', `{"text":${SECRET}}`, 400, 'invalid_json'),
  post('a member twice', '{"count":1,"count":2}'),
  post('a member twice, once escaped', '{"count":1,"c\\u006funt":1}'),
  post('a member twice further in', '{"text":[{"a":1,"a":1}]}'),
  post('an array', '[]'),
  post('a string', '"text"'),
  post('null', 'null'),
  post('a number', '1'),
  post('an unknown member', '{"other":1}'),
  post('__proto__', '{"__proto__":{"count":1}}'),
  post('__proto__ further in', '{"text":{"a":[{"__proto__":1}]}}'),
  post('__proto__ escaped', '{"\\u005f_proto__":1}'),
  post('constructor', '{"constructor":{"prototype":{"x":1}}}'),
  post('a string for a number', '{"count":"1"}'),
  post('a string for a boolean', '{"keep":"false"}'),
  post('null for a number', '{"count":null}'),
  post('null for a boolean', '{"keep":null}'),
  post('zero for a boolean', '{"keep":0}'),
  post('a number beyond exactness', '{"count":9007199254740993}'),
  post('an infinite number', '{"count":1e999}'),
  post('NUL in text', '{"text":"a\\u0000b"}'),
  post('a lone surrogate', '{"text":"\\ud800"}'),
  post('depth', `{"text":${'['.repeat(5_000)}${']'.repeat(5_000)}}`),
  {
    ...post('invalid UTF-8', '', 400, 'invalid_json'),
    body: new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
  },
  post(
    'a body over the bound',
    JSON.stringify({ text: 'x'.repeat(70_000) }),
    413,
    'payload_too_large',
  ),
  {
    ...post('text/plain', '{}', 415, 'unsupported_media_type'),
    headers: { 'content-type': 'text/plain' },
  },
  {
    ...post('xml', '<a/>', 415, 'unsupported_media_type'),
    headers: { 'content-type': 'text/xml' },
  },
  {
    ...post('multipart', '{}', 415, 'unsupported_media_type'),
    headers: { 'content-type': 'multipart/form-data; boundary=x' },
  },
  {
    ...post('json in latin1', '{}', 415, 'unsupported_media_type'),
    headers: { 'content-type': 'application/json; charset=iso-8859-1' },
  },
  {
    ...post('a content type that is none', '{}', 415, 'unsupported_media_type'),
    headers: { 'content-type': 'nonsense' },
  },
  {
    ...post('a form where none is taken', 'count=1', 415, 'unsupported_media_type'),
    headers: FORM_TYPE,
  },
  get('a query member twice', 'count=1&count=2'),
  get('a query member in brackets', 'count[]=1'),
  get('an unknown query member', 'other=1'),
  get('__proto__ in the query', '__proto__=1'),
  get('a bad escape', 'text=%zz'),
  get('half an escape', 'text=%e2%82'),
  get('NUL in the query', 'text=%00'),
  get('a word for a number', 'count=one'),
  get('hexadecimal', 'count=0x1'),
  get('an exponent', 'count=1e0'),
  get('a fraction', 'count=1.5'),
  get('a space for a number', 'count=+1'),
  get('1 for a boolean', 'keep=1'),
  get('TRUE for a boolean', 'keep=TRUE'),
  get('a value that is no choice', 'when=never'),
  get('very many members', Array.from({ length: 100 }, (_, i) => `a${i}=1`).join('&')),
  { ...post('a body member in the query', '{}'), path: '/v1/things?count=1' },
  { ...post('a member in both places', '{"wait":1}'), path: '/v1/things?wait=1' },
  form('a form member twice', 'username=a&username=b&password=c'),
  form('another grant in a form', 'username=a&password=c&grant_type=refresh_token'),
  form('the JSON name in a form', 'email=a&password=c'),
  form('__proto__ in a form', 'username=a&password=c&__proto__=d'),
  form('an empty form', ''),
  {
    what: 'an id of another kind',
    method: 'PATCH',
    path: '/v1/things/ses_01jd0000000000000000000000',
    headers: JSON_TYPE,
    body: '{"text":null}',
    status: 400,
    code: 'invalid_request',
  },
  {
    what: 'an escaped slash in an id',
    method: 'PATCH',
    path: '/v1/things/a%2Fb',
    headers: JSON_TYPE,
    body: '{"text":null}',
    status: 400,
    code: 'invalid_request',
  },
  {
    what: 'the id in the body too',
    method: 'PATCH',
    path: `/v1/things/${ID}`,
    headers: JSON_TYPE,
    body: `{"text":null,"id":"${ID}"}`,
    status: 400,
    code: 'invalid_request',
  },
  {
    what: 'a body with DELETE',
    method: 'DELETE',
    path: '/v1/things/a',
    headers: JSON_TYPE,
    body: '{"keep":true}',
    status: 400,
    code: 'invalid_request',
  },
  {
    what: 'input where none is taken',
    method: 'GET',
    path: '/v1/me?x=1',
    headers: BEARER,
    status: 400,
    code: 'invalid_request',
  },
  {
    what: 'a bad escape in the path',
    method: 'GET',
    path: '/v1/things/%zz',
    status: 400,
    code: 'invalid_request',
  },
  {
    what: 'a very long id',
    method: 'DELETE',
    path: `/v1/things/${'a'.repeat(3_000)}`,
    status: 414,
    code: 'uri_too_long',
  },
  {
    what: 'headers over the bound',
    method: 'GET',
    path: '/v1/me',
    headers: { 'x-long': 'a'.repeat(20_000) },
    status: 431,
    code: 'headers_too_large',
  },
  { what: 'an unknown route', method: 'GET', path: '/v1/nothing', status: 404, code: 'not_found' },
  { what: 'the root', method: 'GET', path: '/', status: 404, code: 'not_found' },
  {
    what: 'a double slash',
    method: 'GET',
    path: '//v1/me',
    headers: BEARER,
    status: 404,
    code: 'not_found',
  },
  {
    what: 'a slash at the end',
    method: 'GET',
    path: '/v1/me/',
    headers: BEARER,
    status: 404,
    code: 'not_found',
  },
  {
    what: 'a path parameter of old',
    method: 'GET',
    path: '/v1/me;x',
    headers: BEARER,
    status: 404,
    code: 'not_found',
  },
  {
    what: 'another case',
    method: 'GET',
    path: '/V1/me',
    headers: BEARER,
    status: 404,
    code: 'not_found',
  },
  {
    what: 'a wrong method',
    method: 'PUT',
    path: '/v1/me',
    headers: BEARER,
    status: 405,
    code: 'method_not_allowed',
  },
  {
    what: 'a wrong method with a body',
    method: 'PUT',
    path: '/v1/me',
    headers: { ...BEARER, 'content-type': 'text/plain' },
    body: 'x',
    status: 405,
    code: 'method_not_allowed',
  },
  {
    what: 'a wrong method on a path with an id',
    method: 'GET',
    path: '/v1/things/a',
    status: 405,
    code: 'method_not_allowed',
  },
  {
    what: 'a method that no one knows',
    method: 'PROPFIND',
    path: '/v1/me',
    status: 405,
    code: 'method_not_allowed',
  },
  { what: 'no token', method: 'GET', path: '/v1/me', status: 401, code: 'invalid_token' },
  {
    what: 'a bad token',
    method: 'GET',
    path: '/v1/me',
    headers: { authorization: 'Bearer bad' },
    status: 401,
    code: 'invalid_token',
  },
  {
    what: 'another scheme',
    method: 'GET',
    path: '/v1/me',
    headers: { authorization: `Basic ${GOOD_TOKEN}` },
    status: 401,
    code: 'invalid_token',
  },
  {
    what: 'two tokens',
    method: 'GET',
    path: '/v1/me',
    headers: { authorization: `Bearer ${GOOD_TOKEN}, Bearer ${GOOD_TOKEN}` },
    status: 401,
    code: 'invalid_token',
  },
  {
    what: 'a token and more',
    method: 'GET',
    path: '/v1/me',
    headers: { authorization: `Bearer ${GOOD_TOKEN} x` },
    status: 401,
    code: 'invalid_token',
  },
  {
    what: 'a token in the query',
    method: 'GET',
    path: `/v1/things?access_token=${GOOD_TOKEN}`,
    status: 401,
    code: 'invalid_token',
  },
  trpc('an unknown procedure', '/trpc/nothing', 404, 'not_found'),
  trpc('a prototype for a procedure', '/trpc/__proto__', 404, 'not_found'),
  trpc('a mutation by GET', '/trpc/things.create', 405, 'method_not_allowed'),
  trpc('tRPC input that is no JSON', '/trpc/things.list?input={', 400, 'invalid_json'),
  trpc(
    'tRPC input with __proto__',
    '/trpc/things.list?input={"__proto__":1}',
    400,
    'invalid_request',
  ),
  trpc('tRPC input twice', '/trpc/things.list?input={}&input={}', 400, 'invalid_request'),
  trpc(
    'tRPC input of a wrong type',
    '/trpc/things.list?input={"count":"1"}',
    400,
    'invalid_request',
  ),
  trpc(
    'a batch over the bound',
    `/trpc/${Array(21).fill('me').join(',')}?batch=1`,
    400,
    'invalid_request',
  ),
  trpc('a bad escape for a procedure', '/trpc/%zz', 400, 'invalid_request'),
  trpc('a procedure further down', '/trpc/a/b', 404, 'not_found'),
  { ...post('tRPC and malformed JSON', '{', 400, 'invalid_json'), path: '/trpc/things.create' },
  { ...post('tRPC and __proto__', '{"__proto__":1}'), path: '/trpc/things.create' },
  {
    ...post('tRPC and text/plain', '{}', 415, 'unsupported_media_type'),
    path: '/trpc/things.create',
    headers: { 'content-type': 'text/plain' },
  },
  {
    ...post('tRPC and multipart', '{}', 415, 'unsupported_media_type'),
    path: '/trpc/things.create',
    headers: { 'content-type': 'multipart/form-data; boundary=x' },
  },
  {
    ...post('tRPC and octets', 'x', 415, 'unsupported_media_type'),
    path: '/trpc/things.create',
    headers: { 'content-type': 'application/octet-stream' },
  },
  {
    ...post('tRPC and a large body', `"${'x'.repeat(70_000)}"`, 413, 'payload_too_large'),
    path: '/trpc/things.create',
  },
  {
    ...post('tRPC and a query by POST', '{}', 405, 'method_not_allowed'),
    path: '/trpc/things.list',
  },
];

describe('a hostile or malformed request', () => {
  it.each(cases)('$what → $status $code', async ({ method, path, headers, body, status, code }) => {
    const response = await fetch(`${service.origin}${path}`, {
      method,
      ...(headers === undefined ? {} : { headers }),
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    expect.soft(response.status, text).toBe(status);
    const answer: unknown = JSON.parse(text);
    const refused = errorBody.parse(unwrapped(answer));
    expect(refused.code).toBe(code);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('strict-transport-security')).toContain('max-age=');
    const policy = response.headers.get('content-security-policy');
    for (const directive of ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"]) {
      expect(policy).toContain(directive);
    }
    expect(response.headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    expect(response.headers.get('x-request-id')).toBe(refused.request_id);
  });
});

/** tRPC's envelope, of one call or a batch, holds the same body. */
function unwrapped(answer: unknown): unknown {
  const first: unknown = Array.isArray(answer) ? answer[0] : answer;
  if (typeof first !== 'object' || first === null || !('error' in first)) return first;
  const { error } = first;
  if (typeof error !== 'object' || error === null || !('data' in error)) return error;
  const { data } = error;
  return typeof data === 'object' && data !== null && 'portcullis' in data ? data.portcullis : data;
}

const raw: { what: string; bytes: string; status: number; code: string }[] = [
  { what: 'no HTTP at all', bytes: 'hello\r\n\r\n', status: 400, code: 'invalid_request' },
  {
    what: 'an unknown version',
    bytes: 'GET / HTTP/9.9\r\n\r\n',
    status: 400,
    code: 'invalid_request',
  },
  { what: 'no host', bytes: 'GET /v1/me HTTP/1.1\r\n\r\n', status: 400, code: 'invalid_request' },
  {
    what: 'two hosts',
    bytes: 'GET /v1/me HTTP/1.1\r\nhost: a\r\nhost: b\r\nconnection: close\r\n\r\n',
    status: 400,
    code: 'invalid_request',
  },
  {
    what: 'a bad header',
    bytes: 'GET / HTTP/1.1\r\nhost: a\r\nbad header\r\n\r\n',
    status: 400,
    code: 'invalid_request',
  },
  {
    what: 'two lengths',
    bytes:
      'POST /v1/things HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}x',
    status: 400,
    code: 'invalid_request',
  },
  {
    what: 'length and chunks',
    bytes:
      'POST /v1/things HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}',
    status: 400,
    code: 'invalid_request',
  },
  {
    what: 'a negative length',
    bytes: 'POST /v1/things HTTP/1.1\r\nhost: a\r\ncontent-length: -2\r\n\r\n',
    status: 400,
    code: 'invalid_request',
  },
  {
    what: 'a host that is none',
    bytes: 'GET /trpc/nothing HTTP/1.1\r\nhost: a b"<>\r\nconnection: close\r\n\r\n',
    status: 404,
    code: 'not_found',
  },
  {
    what: 'an expectation',
    bytes:
      'POST /v1/things HTTP/1.1\r\nhost: a\r\nexpect: miracles\r\ncontent-length: 0\r\nconnection: close\r\n\r\n',
    status: 400,
    code: 'invalid_request',
  },
  {
    what: 'absolute form',
    bytes: 'GET http://elsewhere/v1/nothing?x HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n',
    status: 404,
    code: 'not_found',
  },
  {
    what: 'asterisk form',
    bytes: 'OPTIONS * HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n',
    status: 404,
    code: 'not_found',
  },
  {
    what: 'two authorization headers',
    bytes: `GET /v1/me HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${GOOD_TOKEN}\r\nauthorization: Bearer ${GOOD_TOKEN}\r\nconnection: close\r\n\r\n`,
    status: 401,
    code: 'invalid_token',
  },
  {
    what: 'headers over the bound',
    bytes: `GET / HTTP/1.1\r\nhost: a\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`,
    status: 431,
    code: 'headers_too_large',
  },
  {
    what: 'an upgrade',
    bytes:
      'GET /v1/me HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upgrade, close\r\n\r\n',
    status: 401,
    code: 'invalid_token',
  },
  ...[
    ['a bare CR', 'a\rlevel: fatal'],
    ['a bare LF', 'a\n\tlevel'],
    ['a folded line', 'a\r\n level'],
    ['a zero byte', 'a\0level'],
    ['an escape', 'a\u001b[31mlevel'],
  ].map(([what = '', value = '']) => ({
    what: `${what} in a header`,
    bytes: `GET /v1/me HTTP/1.1\r\nhost: a\r\nx-request-id: ${value}\r\nconnection: close\r\n\r\n`,
    status: 400,
    code: 'invalid_request',
  })),
  ...['\r', '\n', '\0', '\t', '\u007f'].map((character) => ({
    what: `${JSON.stringify(character)} in the target`,
    bytes: `GET /v1/${character}me HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`,
    status: 400,
    code: 'invalid_request',
  })),
];

describe('bytes on the socket', () => {
  it.each(raw)('$what → $status $code', async ({ bytes, status, code }) => {
    const answer = await sendRaw(service.origin, bytes);
    const [head = '', body = ''] = answer.split('\r\n\r\n', 2);
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(head.toLowerCase()).toContain('x-content-type-options: nosniff');
    expect(errorBody.parse(unwrapped(JSON.parse(body))).code).toBe(code);
  });
});

it('logged no secret, no query, and no line of a client', async () => {
  await fetch(`${service.origin}/v1/nothing%0d%0a{"level":"fatal"}?access_token=${GOOD_TOKEN}`, {
    headers: { ...BEARER, 'user-agent': 'a' },
  });
  const log = service.log();
  expect(log).not.toContain(GOOD_TOKEN);
  expect(log).not.toContain(SECRET.slice(0, 5));
  for (const line of log.trimEnd().split('\n')) {
    const entry: unknown = JSON.parse(line);
    expect(entry).toMatchObject({ service: 'small' });
    expect(entry).not.toMatchObject({ level: 'fatal' });
    expect(entry).not.toMatchObject({ level: 'error' });
  }
});

/** Faults from the field: secrets that a client puts in the wrong place reach neither log nor answer. */
import { connect } from 'node:net';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLogger } from '../../src/index.ts';
import { startSmallService } from '../small-service.ts';

const RANDOM = 'q7Zr0Wn5Yt2Kd8Jm4Xb6Vc1Hs3Lf9Gp0q7Zr0Wn5Yt2Kd8Jm4Xb6Vc1Hs3Lf9Gp0';
const SECRETS = {
  refresh: `prt_01jd7m3v8k2n5q9r4t6w1x0y3z${RANDOM}`,
  access: `eyJhbGciOiJFUzI1NiIsImtpZCI6ImEifQ.eyJzdWIiOiJ1c3JfYSJ9.${RANDOM}`,
  password: 'kestrel-lantern-42',
  client: 'Wm9fT2xk-secret-of-a-client',
  proof: `eyJ0eXAiOiJkcG9wK2p3dCJ9.eyJodG0iOiJHRVQifQ.${RANDOM}`,
};
/** Parts of them that would be enough to recognise them, and too long to be in an id by chance. */
const TRACES = [
  '01jd7m3v8k2n5q9r4t6w1x0y3z',
  RANDOM.slice(0, 12),
  'kestrel',
  'Wm9fT2xk',
  'eyJhbGci',
  'eyJ0eXAi',
];

const lines: string[] = [];
let service: Awaited<ReturnType<typeof startSmallService>>;
beforeAll(async () => {
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  service = await startSmallService({
    logger: createLogger({ service: 'small', level: 'trace', destination }),
  });
});
afterAll(async () => await service?.[Symbol.asyncDispose]());

/** The bytes of one request, so that nothing on the way escapes or refuses what is sent. */
async function send(line: string, headers: readonly string[] = [], body = ''): Promise<string> {
  const { hostname, port } = new URL(service.origin);
  const length = `content-length: ${Buffer.byteLength(body)}`;
  const head = [`${line} HTTP/1.1`, 'host: a', 'connection: close', length, ...headers];
  return await new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let answer = '';
    socket.setTimeout(20_000, () => socket.destroy(new Error('no answer')));
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    socket.on('error', (error) => (answer === '' ? reject(error) : resolve(answer)));
    socket.on('close', () => resolve(answer));
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  });
}

const JSON_TYPE = 'content-type: application/json';
const FORM_TYPE = 'content-type: application/x-www-form-urlencoded';

/** Requests with a secret in each place where one may end up. */
function hostile(secret: string): [line: string, headers?: string[], body?: string][] {
  const input = encodeURIComponent(JSON.stringify({ [secret]: secret }));
  return [
    [`GET /${secret}`],
    [`GET /v1/${secret}`],
    [`GET /v1/things/${secret}`],
    [`DELETE /v1/things/${secret}/${secret}`],
    [`PATCH /v1/things/${secret}`, [JSON_TYPE], '{"text":"a"}'],
    [`GET /v1/${secret}%zz`],
    [`GET /v1/${secret}/${'a'.repeat(2_100)}`],
    [`GET /trpc/${secret}`],
    [`GET /trpc/${secret}%zz`],
    [`GET /trpc/${secret}${'a'.repeat(2_100)}`],
    [`GET /trpc/me,${secret}?batch=1`],
    [`POST /trpc/${secret},login?batch=1`, [JSON_TYPE], '{}'],
    [`GET /trpc/things.list?input=${input}`, ['authorization: Bearer good.token.here']],
    [`GET /trpc/things.list?input=${secret}`],
    [`GET /trpc/login`],
    [`GET /v1/slow${secret}?${secret}=${secret}`],
    [`GET /v1/things?${secret}=1`, ['authorization: Bearer good.token.here']],
    [`GET /v1/things?${secret}=1&${secret}=2`, ['authorization: Bearer good.token.here']],
    [`GET /v1/things?count=${secret}`, ['authorization: Bearer good.token.here']],
    [`GET /v1/me`, [`authorization: Bearer ${secret}`]],
    [`GET /v1/me`, [`authorization: DPoP ${secret}`, `dpop: ${secret}`]],
    [`GET /v1/me`, [`authorization: ${secret}`]],
    [`GET /v1/me`, [`${secret.replaceAll('.', '-')}: a`, `x-a: ${secret}`]],
    [`GET /v1/me`, [`cookie: ${secret}=${secret}; __Host-portcullis-access=${secret}`]],
    [`POST /v1/login`, [`content-type: ${secret}`], 'a'],
    [`POST /v1/login`, [`content-type: application/${secret}`], 'a'],
    [`POST /v1/login`, [`${JSON_TYPE}; charset=${secret}`], '{}'],
    [`POST /v1/login`, [JSON_TYPE], secret],
    [`POST /v1/login`, [JSON_TYPE], `{"email":"a","password":"${secret}"`],
    [`POST /v1/login`, [JSON_TYPE], `{"email":"a","password":"b","${secret}":"c"}`],
    [`POST /v1/login`, [JSON_TYPE], `{"email":["${secret}"],"password":{"${secret}":1}}`],
    [`POST /v1/fail`, [JSON_TYPE], `{"how":"${secret}"}`],
    [`POST /v1/login`, [FORM_TYPE], `username=a&${secret}=b&${secret}=c`],
    [`POST /v1/things`, [FORM_TYPE], `${secret}=b`],
    [`POST /trpc/login`, [JSON_TYPE], `{"email":"a","password":"b","${secret}":"c"}`],
    [`POST /trpc/login`, [JSON_TYPE], secret],
    [`POST /trpc/login`, [`content-type: ${secret}/a`], secret],
    [`GET /v1/me`, [`expect: ${secret}`]],
    [`GET /v1/me`, [`: ${secret}`]],
    [`GET /v1/me`, [`x: ${secret}${'a'.repeat(17_000)}`]],
    [`PUT /v1/me/${secret}`],
    [`OPTIONS /${secret}`],
    [secret],
  ];
}

it.each(Object.entries(SECRETS))(
  'H14: a secret (%s) in the wrong place is in no line of the log and in no answer',
  async (_name, secret) => {
    lines.length = 0;
    const requests = hostile(secret);
    const leaks: string[] = [];
    for (const [line, headers, body] of requests) {
      const answer = await send(line, headers, body);
      if (TRACES.some((trace) => answer.includes(trace))) leaks.push(`answer: ${answer}`);
    }
    await expect.poll(() => lines.length).toBeGreaterThan(requests.length / 2);
    for (const entry of lines) {
      if (TRACES.some((trace) => entry.includes(trace))) leaks.push(`log: ${entry}`);
    }
    expect(leaks).toEqual([]);
  },
);

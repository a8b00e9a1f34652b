/** Sends a service what its own document describes, bent in every way; one seed chooses everything. */
import { seededRandom } from '@portcullis/testkit';
import { pick, recordOf, valueFor, type Random, type Schema } from './hostile-values.ts';

/** Requests under way at once. */
const AT_ONCE = 12;
const HEADERS = [
  'content-security-policy',
  'x-content-type-options',
  'x-request-id',
  'cache-control',
];

export interface FuzzOptions {
  url: string;
  seed: number;
  requests: number;
  /** The `Authorization` headers to choose from; renewed when they are good no longer. */
  credentials: () => Promise<readonly string[]>;
}

export interface FuzzOutcome {
  statuses: Map<number, number>;
  /** Each with what is needed to send it again. */
  failures: string[];
}

interface Operation {
  method: string;
  path: string;
  described: Schema;
}

/** Asked for new credentials after this many requests. */
const RENEW_EVERY = 60;

export async function fuzzService(options: FuzzOptions): Promise<FuzzOutcome> {
  const { url, seed, requests } = options;
  const random = seededRandom(seed);
  const operations = operationsOf(await (await fetch(`${url}/openapi.json`)).json());
  const statuses = new Map<number, number>();
  const failures: string[] = [];
  let credentials = await options.credentials();
  for (let sent = 0; sent < requests; sent += AT_ONCE) {
    if (sent % RENEW_EVERY < AT_ONCE && sent > 0) credentials = await options.credentials();
    const batch = Array.from({ length: Math.min(AT_ONCE, requests - sent) }, () =>
      requestFor(random, pick(random, operations), credentials),
    );
    await Promise.all(
      batch.map(async ({ target, init }) => {
        const text = `${init.method} ${target} ${JSON.stringify([init.headers, init.body])}`;
        try {
          const response = await fetch(url + target, init);
          const body = await response.text();
          statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
          const problem = problemWith(response, body);
          if (problem !== undefined) failures.push(`${problem}: ${text.slice(0, 2_000)}`);
        } catch (error) {
          failures.push(`no answer (${String(error)}): ${text.slice(0, 2_000)}`);
        }
      }),
    );
  }
  return { statuses, failures };
}

function problemWith(response: Response, body: string): string | undefined {
  const { status, headers } = response;
  if (status === 500) return `500 ${body}`;
  for (const name of HEADERS) if (!headers.has(name)) return `without ${name} (${status})`;
  if (headers.has('access-control-allow-origin')) return 'open to other origins';
  if (status >= 400 && !/"(code|error)":/.test(body)) return `${status} without a code`;
  if (/\n\s+at |node_modules|SELECT |select .* from /.test(body)) return `tells too much: ${body}`;
  return undefined;
}

function operationsOf(document: unknown): Operation[] {
  return Object.entries(recordOf(recordOf(document)['paths'])).flatMap(([path, item]) =>
    Object.entries(recordOf(item)).map(([method, described]) => ({
      method: method.toUpperCase(),
      path,
      described: recordOf(described),
    })),
  );
}

function requestFor(
  random: Random,
  { method, path, described }: Operation,
  credentials: readonly string[],
) {
  const query: string[] = [];
  let target = path;
  for (const parameter of listOf(described['parameters'])) {
    const value = valueFor(random, recordOf(parameter['schema']));
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    const written = encoded(text);
    const name = String(parameter['name']);
    if (parameter['in'] === 'path') target = target.replace(`{${name}}`, written || 'x');
    else if (random() < 0.7) query.push(`${name}=${written}`);
    if (random() < 0.05) query.push(`${name}=${written}`);
  }
  if (random() < 0.05) query.push(pick(random, ['__proto__=1', 'a[b]=1', '%', '=', 'x=%ff', '&&']));
  if (random() < 0.03) target = pick(random, [`/${target}`, `${target};x`, `${target}%2F`]);
  const headers: Record<string, string> = {};
  if (random() < 0.8 && credentials.length > 0)
    headers['authorization'] = pick(random, credentials);
  const sends = method !== 'GET' || random() < 0.02;
  const [type, body] = sends && method !== 'GET' ? bodyFor(random, described) : [undefined, null];
  if (type !== undefined) headers['content-type'] = type;
  if (random() < 0.1) Object.assign(headers, pick(random, ODD_HEADERS));
  const asked = query.length === 0 ? '' : `?${query.join('&')}`;
  return { target: target + asked, init: { method, headers, body, redirect: 'manual' as const } };
}

const ODD_HEADERS: readonly Record<string, string>[] = [
  { 'x-forwarded-for': '1.2.3.4, ::1, zzz' },
  { 'x-request-id': '{"level":"fatal"}' },
  { 'sec-fetch-site': 'cross-site' },
  { cookie: '__Host-portcullis-access=a; __Host-portcullis-refresh=b; __proto__=c; ;=' },
  { origin: 'null' },
  { accept: 'text/event-stream' },
  { 'accept-language': 'x'.repeat(3_000) },
  { 'user-agent': '\u00FF"\\\t' },
  { range: 'bytes=0-' },
  { dpop: 'x.y.z' },
];

const TYPES = ['text/plain', 'application/json; charset=utf-16', 'multipart/form-data', 'a/b', ''];

function bodyFor(random: Random, described: Schema): [string | undefined, string | null] {
  const content = recordOf(recordOf(described['requestBody'])['content']);
  const kinds = Object.keys(content);
  const kind = kinds.length === 0 ? 'application/json' : pick(random, kinds);
  const value = valueFor(random, recordOf(recordOf(content[kind])['schema']));
  const type = random() < 0.05 ? pick(random, TYPES) : kind;
  if (random() < 0.05) return [type, null];
  if (kind === 'application/json') return [type, bent(random, JSON.stringify(value) ?? 'null')];
  const members = Object.entries(recordOf(value)).map(
    ([name, member]) => `${encoded(name)}=${encoded(JSON.stringify(member))}`,
  );
  return [type, bent(random, members.join('&'))];
}

/** Cut off, doubled, or with something in between. */
function bent(random: Random, text: string): string {
  if (random() < 0.9) return text;
  const at = Math.floor(random() * text.length);
  const middle = pick(random, ['\u0000', '"__proto__":{},', '\uFEFF', '{', ']', '\\uD800', text]);
  return pick(random, [
    text.slice(0, at),
    text + text,
    text.slice(0, at) + middle + text.slice(at),
  ]);
}

/** Lone surrogates cannot be encoded; a server has to bear what stands for them. */
function encoded(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    return '%ED%A0%80';
  }
}

function listOf(value: unknown): Schema[] {
  return Array.isArray(value) ? value.map(recordOf) : [];
}

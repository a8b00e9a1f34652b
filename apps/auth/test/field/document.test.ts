/** Faults from the field: the OpenAPI document of auth and what auth answers. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { basic, MACHINE, startAuthSystem, type AuthSystem } from '../auth-system.ts';

let system: AuthSystem;
let document: any;
beforeAll(async () => {
  system = await startAuthSystem();
  document = (await system.auth.call('GET', '/openapi.json')).body;
}, 120_000);
afterAll(async () => await system?.bed.dispose());

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const JSON_TYPE = { 'content-type': 'application/json' };
const CLIENT = basic(MACHINE.id, MACHINE.secret);
const WRONG = basic(MACHINE.id, 'wrong');
const GRANT = 'grant_type=client_credentials';

/** The response object of the document for this status, its reference followed. */
function described(path: string, method: string, status: number): any {
  const { responses } = document.paths[path][method];
  const found = responses[String(status)] ?? responses.default;
  const [, name] = /^#\/components\/responses\/(\w+)$/.exec(found?.$ref ?? '') ?? [];
  return name === undefined ? found : document.components.responses[name];
}

function schemaOf(content: any): any {
  const [, name] = /^#\/components\/schemas\/(\w+)$/.exec(content.schema.$ref ?? '') ?? [];
  return name === undefined ? content.schema : document.components.schemas[name];
}

it.each<[string, string, number, Record<string, string>?, string?]>([
  ['post', '/oauth2/token', 200, { ...FORM, ...CLIENT }, GRANT],
  ['post', '/oauth2/token', 400, { ...FORM, ...CLIENT }, 'grant_type=password'],
  ['post', '/oauth2/token', 400, JSON_TYPE, '{}'],
  ['post', '/oauth2/token', 401, { ...FORM, ...WRONG }, GRANT],
  ['post', '/oauth2/revoke', 200, { ...FORM, ...CLIENT }, 'token=garbage'],
  ['post', '/oauth2/revoke', 400, { ...FORM, ...CLIENT }, ''],
  ['post', '/oauth2/revoke', 401, { ...FORM, ...WRONG }, 'token=a'],
  ['post', '/oauth2/introspect', 403, { ...FORM, ...CLIENT }, 'token=garbage'],
  ['post', '/oauth2/introspect', 401, { ...FORM, ...WRONG }, 'token=garbage'],
  ['get', '/.well-known/jwks.json', 200],
  ['get', '/.well-known/oauth-authorization-server', 200],
  ['post', '/v1/grants', 400, JSON_TYPE, '{'],
  ['post', '/v1/grants', 401, { ...JSON_TYPE, ...WRONG }, '{}'],
  ['post', '/v1/grants', 415, { 'content-type': 'text/plain', ...CLIENT }, 'a'],
  ['get', '/v1/revocations/snapshot', 401, WRONG],
])(
  'H12: %s %s is answered as the document has it (%i)',
  async (method, path, status, headers, body) => {
    const response = await fetch(system.auth.url + path, {
      method: method.toUpperCase(),
      ...(headers === undefined ? {} : { headers }),
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    expect([response.status, text]).toEqual([status, expect.any(String)]);
    const said = described(path, method, status);
    const [type = ''] = (response.headers.get('content-type') ?? '').split(';');
    expect(Object.keys(said?.content ?? {})).toContain(type);
    const read = z.fromJSONSchema(schemaOf(said.content[type])).safeParse(JSON.parse(text));
    expect(read.error?.issues ?? []).toEqual([]);
  },
);

it('H12: OAuth endpoints say that they may refuse for a while', () => {
  for (const path of ['/oauth2/token', '/oauth2/revoke', '/oauth2/introspect']) {
    const { responses } = document.paths[path].post;
    expect([path, Object.keys(responses)]).toEqual([path, expect.arrayContaining(['429', '503'])]);
  }
});

/** The document says what the routes do, and its page loads nothing from another host. */
import { createUserRouter, createAdminRouter, createAuthRouter } from '@portcullis/api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openApiDocument } from '../src/openapi/document.ts';
import { routedProcedures } from '../src/rest/routed-procedures.ts';
import { startSmallService } from './small-service.ts';

let service: Awaited<ReturnType<typeof startSmallService>>;
beforeAll(async () => {
  service = await startSmallService();
});
afterAll(() => service[Symbol.asyncDispose]());

function* referencesIn(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    if (name === '$ref' && typeof member === 'string') yield member;
    else yield* referencesIn(member);
  }
}

function resolve(document: unknown, reference: string): unknown {
  let current = document;
  for (const part of reference.replace(/^#\//, '').split('/')) {
    const members: Record<string, unknown> = Object(current);
    current = members[part];
  }
  return current;
}

describe('the document', () => {
  it('describes each route by its own schemas', async () => {
    const document: any = await (await fetch(`${service.origin}/openapi.json`)).json();
    expect(document.openapi).toBe('3.1.0');
    expect(document.info).toMatchObject({ title: 'Small service', version: '1.2.3' });
    expect(document.paths['/v1/things'].get).toMatchObject({
      operationId: 'things.list',
      security: [{ bearer: [] }, { cookie: [] }],
      parameters: expect.arrayContaining([
        {
          name: 'count',
          in: 'query',
          required: false,
          schema: { type: 'integer', minimum: 0, maximum: 10 },
        },
        {
          name: 'wait',
          in: 'query',
          required: false,
          schema: expect.objectContaining({ default: 250 }),
        },
      ]),
    });
    expect(document.paths['/v1/things'].post.parameters).toHaveLength(1);
    expect(Object.keys(document.paths['/v1/things'].post.responses)).toContain('201');
    const change = document.paths['/v1/things/{id}'].patch;
    expect(change.parameters[0].schema).toMatchObject({
      type: 'string',
      pattern: expect.stringContaining('^usr_'),
    });
    expect(change.requestBody.content['application/json'].schema).toMatchObject({
      required: ['text'],
      additionalProperties: false,
    });
    const login = document.paths['/v1/login'].post;
    expect(login.security).toEqual([]);
    expect(login.requestBody.content['application/x-www-form-urlencoded'].schema.required).toEqual([
      'username',
      'password',
    ]);
  });

  it.each([
    ['auth', createAuthRouter({ administration: {} } as never)],
    ['user', createUserRouter({} as never)],
    ['admin', createAdminRouter({} as never)],
  ])(
    'of %s is sound: references resolve, path parameters are declared, ids are unique',
    (_name, router) => {
      const document: any = openApiDocument({
        title: 't',
        version: '1',
        procedures: routedProcedures(router),
      });
      for (const reference of referencesIn(document)) {
        expect(resolve(document, reference), reference).toBeDefined();
      }
      const ids = new Set<string>();
      for (const [path, item] of Object.entries<Record<string, any>>(document.paths)) {
        const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
        for (const operation of Object.values(item)) {
          const declared = (operation.parameters ?? []).filter((one: any) => one.in === 'path');
          expect(declared.map((one: any) => one.name)).toEqual(inPath);
          expect(declared.every((one: any) => one.required && one.schema !== undefined)).toBe(true);
          expect(ids.has(operation.operationId)).toBe(false);
          ids.add(operation.operationId);
        }
      }
      expect(JSON.stringify(document)).not.toContain('$defs');
    },
  );
});

describe('the page', () => {
  it('loads everything from this service, under a policy that allows nothing else', async () => {
    const page = await fetch(`${service.origin}/docs`);
    const html = await page.text();
    expect(page.headers.get('content-type')).toContain('text/html');
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    const sources = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, source]) => source ?? '');
    expect(sources.length).toBeGreaterThan(3);
    for (const source of sources) {
      expect(source).toMatch(/^docs\//);
      const asset = await fetch(new URL(source, `${service.origin}/docs`));
      expect(asset.status).toBe(200);
      expect(asset.headers.get('x-content-type-options')).toBe('nosniff');
    }
    expect(html).not.toMatch(/<script>|<style|style=|onload=/);
    const init = await (await fetch(`${service.origin}/docs/init.js`)).text();
    expect(init).toContain('validatorUrl: null');
    expect(init).not.toMatch(/https?:/);
  });
});

/**
 * What services and adopters of 0.2.0 call of the operations of administrators: each procedure, with who
 * may call it, its route, and digests of its schemas and its part of the document, as recorded before
 * the operations were declared as a list; with roles and scopes as they are since: of any name, 16 roles at most.
 * There may be others beside them.
 */
import { createAdminRouter, createAuthRouter } from '@portcullis/api';
import { PERMISSIONS, Refusal, ROLES, type AccessTokenClaims } from '@portcullis/contracts';
import { TRPCError, type AnyTRPCRouter } from '@trpc/server';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openApiDocument } from '../src/openapi/document.ts';
import { routedProcedures, toJsonSchema } from '../src/rest/routed-procedures.ts';

const routers = {
  auth: createAuthRouter({ administration: {} } as never),
  admin: createAdminRouter({} as never),
};

/** A caller of each kind, with one thing that it may do. */
const callers: [string, Partial<AccessTokenClaims>][] = [
  ...PERMISSIONS.map((scope): [string, object] => [`client with ${scope}`, { scope }]),
  ...ROLES.map((one): [string, object] => [`user with ${one}`, { sid: 'ses_x', roles: [one] }]),
  ['user', { sid: 'ses_x', roles: [] }],
];

/** Whether the caller comes further than to the question who it is. */
async function isLetIn(procedure: any, path: string, claims: object): Promise<boolean> {
  const ctx = { authenticate: async () => claims, watch: async () => ({ claims }) };
  const { type } = procedure._def;
  const call = { ctx, path, type, getRawInput: async () => undefined, batchIndex: 0 };
  try {
    await procedure(call);
    return true;
  } catch (error) {
    const cause = error instanceof TRPCError ? error.cause : error;
    return !(cause instanceof Refusal && cause.code === 'insufficient_scope');
  }
}

/** Of what is JSON, with the order of its members. */
function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);
}

async function described(router: AnyTRPCRouter, path: string) {
  const procedure: any = Reflect.get(router._def.procedures, path);
  if (procedure === undefined) return undefined;
  const { type, inputs, output, meta } = procedure._def;
  const letIn = callers.map(async ([name, claims]) =>
    (await isLetIn(procedure, path, claims)) ? [name] : [],
  );
  const procedures = routedProcedures(router);
  const document: any = openApiDocument({ title: 't', version: '1', procedures });
  const operation = Object.values<object>(document.paths)
    .flatMap((item) => Object.values(item))
    .find(({ operationId }) => operationId === path);
  return {
    type,
    callers: (await Promise.all(letIn)).flat(),
    route: meta?.route === undefined ? null : `${meta.route.method} ${meta.route.path}`,
    inputs: inputs.map((schema: any) => digestOf(toJsonSchema(schema, 'input'))),
    output: digestOf(toJsonSchema(output, 'output')),
    operation: operation === undefined ? null : digestOf(operation),
  };
}

const record: Record<string, Record<string, object>> = JSON.parse(
  readFileSync(new URL('records/admin-operations.json', import.meta.url), 'utf8'),
);

describe.each(Object.entries(routers))('%s has as it was', (name, router) => {
  it.each(Object.entries(record[name] ?? {}))('%s', async (path, procedure) => {
    expect(await described(router, path)).toEqual(procedure);
  });
});

/** The procedures of a router that have a plain-HTTP form, with what the bridge has to know of each. */
import type { ProcedureMeta, Route } from '@portcullis/api';
import type { AnyTRPCRouter } from '@trpc/server';
import * as z from 'zod';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** How the text of a query is read: as the schema says, and not otherwise. */
export type MemberKind = 'text' | 'number' | 'boolean';

export interface RoutedProcedure {
  /** Dotted: `users.disable`. */
  procedure: string;
  type: 'query' | 'mutation';
  route: Route;
  /** Undefined where the procedure takes no input. */
  input: JsonSchema | undefined;
  output: JsonSchema;
  members: ReadonlyMap<string, MemberKind>;
  pathMembers: readonly string[];
}

/** @throws TypeError when a route and its schema do not fit; a mistake in the code, found at the start */
export function routedProcedures(router: AnyTRPCRouter): RoutedProcedure[] {
  const found: RoutedProcedure[] = [];
  for (const [procedure, defined] of Object.entries(router._def.procedures)) {
    const definition = definitionOf(defined);
    if (definition?.route === undefined) continue;
    const { route, type, inputs, output } = definition;
    if (type === 'subscription') throw new TypeError(`${procedure}: a subscription has no route`);
    if (type === 'mutation' && route.method === 'GET') {
      throw new TypeError(`${procedure}: GET changes nothing`);
    }
    if (inputs.length > 1) throw new TypeError(`${procedure}: one input schema at most`);
    const [schema] = inputs;
    const input = schema === undefined ? undefined : toJsonSchema(schema, 'input');
    const members = membersOf(input);
    const pathMembers = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
    const named = [...pathMembers, ...(route.query ?? []), ...Object.values(route.form ?? {})];
    for (const name of named) {
      if (!members.has(name)) throw new TypeError(`${procedure}: no member ${name} in its input`);
    }
    const answer = toJsonSchema(output, 'output');
    found.push({ procedure, type, route, input, output: answer, members, pathMembers });
  }
  return found;
}

const definitionSchema = z.object({
  type: z.enum(['query', 'mutation', 'subscription']),
  inputs: z.array(z.instanceof(z.ZodType)).default([]),
  output: z.instanceof(z.ZodType).optional(),
  meta: z.custom<ProcedureMeta>().optional(),
});

/** The shape behind tRPC's public types, looked at with care. */
function definitionOf(defined: unknown) {
  if (typeof defined !== 'function' || !('_def' in defined)) return undefined;
  const { type, inputs, output, meta } = definitionSchema.parse(defined._def);
  return { type, inputs, output: output ?? z.unknown(), route: meta?.route };
}

export function toJsonSchema(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const {
    $schema: _,
    '~standard': __,
    ...rest
  } = z.toJSONSchema(schema, {
    io,
    target: 'draft-2020-12',
    unrepresentable: 'any',
    reused: 'inline',
  });
  // A local reference would point nowhere once the schema is a part of the document.
  if ('$defs' in rest) throw new TypeError('recursive schemas are not supported in routes');
  return rest;
}

function membersOf(input: JsonSchema | undefined): ReadonlyMap<string, MemberKind> {
  if (input === undefined) return new Map();
  const properties = z
    .object({ type: z.literal('object'), properties: z.record(z.string(), propertySchema) })
    .parse(input).properties;
  return new Map(Object.entries(properties).map(([name, { type }]) => [name, kindOf(type)]));
}

const propertySchema = z.looseObject({ type: z.unknown().optional() });

function kindOf(type: unknown): MemberKind {
  if (type === 'integer' || type === 'number') return 'number';
  return type === 'boolean' ? 'boolean' : 'text';
}

/**
 * Builds the input of a procedure from path, query and body. Each member comes from one place, once.
 * Nothing is coerced except the text of a query or path, and that only where the schema asks for a
 * number or a boolean, and only in their one spelling.
 */
import { Refusal } from '@portcullis/contracts';
import { requestTarget } from '@portcullis/verify/guard';
import type { FastifyRequest } from 'fastify';
import * as z from 'zod';
import { FormBody } from '../http/body-parsers.ts';
import { parseMembers } from '../http/members.ts';
import { malformed, refuseUnstorable } from '../http/strict-json.ts';
import type { MemberKind, RoutedProcedure } from './routed-procedures.ts';

/** Its name is the client's, and is not repeated. */
const UNKNOWN = 'holds a member that is not known';
const INTEGER = /^-?\d{1,15}$/;
const pathParameters = z.record(z.string(), z.string());

/** @throws Refusal `invalid_request` or `unsupported_media_type` */
export function readInput(procedure: RoutedProcedure, request: FastifyRequest): unknown {
  const input = new Map<string, unknown>();
  const add = (name: string, value: unknown) => {
    if (input.has(name)) throw malformed(name, 'is given twice');
    input.set(name, value);
  };
  for (const [name, value] of Object.entries(pathParameters.parse(request.params))) {
    refuseUnstorable(value, name);
    add(name, readText(value, procedure.members.get(name), name));
  }
  const { query } = requestTarget(request.raw.url ?? '/');
  for (const [name, value] of parseMembers(query, 'query')) {
    if (!isTakenFromQuery(procedure, name)) throw malformed('query', UNKNOWN);
    const kind = procedure.members.get(name);
    // A search form sends what was not filled in as well. Empty text is left to its schema.
    const isLeftOut = value === '' && kind !== 'text' && procedure.route.method === 'GET';
    add(name, isLeftOut ? undefined : readText(value, kind, name));
  }
  for (const [name, value] of bodyMembers(procedure, request.body)) {
    if (procedure.pathMembers.includes(name)) throw malformed(name, 'belongs in the path');
    add(name, value);
  }
  if (procedure.input === undefined && input.size === 0) return undefined;
  for (const name of input.keys()) {
    // The schema refuses it too, but a procedure without input has none that could.
    if (!procedure.members.has(name)) throw malformed('body', UNKNOWN);
  }
  return Object.fromEntries(input);
}

function isTakenFromQuery({ route, members, pathMembers }: RoutedProcedure, name: string): boolean {
  if (pathMembers.includes(name) || !members.has(name)) return false;
  if (route.method === 'GET' || route.method === 'DELETE') return true;
  return route.query?.includes(name) === true;
}

function readText(text: string, kind: MemberKind | undefined, name: string): unknown {
  if (kind === 'number') {
    if (!INTEGER.test(text)) throw malformed(name, 'is not a whole number');
    return Number(text);
  }
  if (kind === 'boolean') {
    if (text !== 'true' && text !== 'false') throw malformed(name, 'is neither true nor false');
    return text === 'true';
  }
  return text;
}

function bodyMembers(procedure: RoutedProcedure, body: unknown): Iterable<[string, unknown]> {
  if (body === undefined) return [];
  if (body instanceof FormBody) return formMembers(procedure, body);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw malformed('body', 'is not an object');
  }
  const members = Object.entries(body);
  const takesBody = procedure.route.method !== 'GET' && procedure.route.method !== 'DELETE';
  if (!takesBody && members.length > 0) throw malformed('body', 'is not taken here');
  return members;
}

/**
 * The parameters of a password form (RFC 6749 section 4.3.2), as OAuth 2 clients send it: unknown ones are
 * ignored (section 3.2), as JSON's are not. A renamed member is known by its name in forms only.
 */
function formMembers({ route, members }: RoutedProcedure, body: FormBody): [string, unknown][] {
  const renamed = route.form;
  if (renamed === undefined) throw new Refusal('unsupported_media_type');
  const input: [string, unknown][] = [];
  for (const [name, value] of body.members) {
    if (name in Object.prototype) throw malformed('form', UNKNOWN);
    if (name === 'grant_type' && value !== 'password') throw malformed(name, 'is not password');
    const isHidden = Object.values(renamed).includes(name);
    const member = Object.hasOwn(renamed, name) ? renamed[name] : isHidden ? undefined : name;
    if (member !== undefined && members.has(member)) input.push([member, value]);
  }
  return input;
}

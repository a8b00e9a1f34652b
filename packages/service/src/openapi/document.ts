/** The OpenAPI 3.1 document, from the routes and schemas that serve the requests. */
import { isRecord, tokenCookieNames } from '@portcullis/contracts';
import { errorBody } from '@portcullis/contracts/schemas';
import { toJsonSchema, type JsonSchema, type RoutedProcedure } from '../rest/routed-procedures.ts';

export type PathItems = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface DocumentOptions {
  title: string;
  version: string;
  procedures: readonly RoutedProcedure[];
  /** Routes that are no procedures, described by the part that adds them. */
  extraPaths?: PathItems;
}

export function openApiDocument(options: DocumentOptions): JsonSchema {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const procedure of options.procedures) {
    const { path, method } = procedure.route;
    paths[path] = { ...paths[path], [method.toLowerCase()]: operation(procedure) };
  }
  for (const [path, item] of Object.entries(options.extraPaths ?? {})) {
    paths[path] = { ...paths[path], ...item };
  }
  const tags = [...new Set(options.procedures.map(({ route }) => route.tag))];
  return {
    openapi: '3.1.0',
    info: { title: options.title, version: options.version, license: LICENSE },
    servers: [{ url: BESIDE_THE_DOCUMENT }],
    tags: tags.map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        client: { type: 'http', scheme: 'basic' },
        cookie: { type: 'apiKey', in: 'cookie', name: tokenCookieNames(false).access },
      },
      schemas: { Error: toJsonSchema(errorBody, 'output') },
      responses: Object.fromEntries(
        Object.entries(REFUSED).map(([name, response]) => [name, response]),
      ),
    },
  };
}

/** Relative to the address of the document (OpenAPI 3.1 section 4.8.5), under any prefix. */
const BESIDE_THE_DOCUMENT = '.';

const LICENSE = { name: 'Apache-2.0', identifier: 'Apache-2.0' };

const ERROR_CONTENT = {
  'application/json': { schema: { $ref: '#/components/schemas/Error' } },
};
const RETRY_AFTER = {
  'Retry-After': { description: 'Seconds', schema: { type: 'integer', minimum: 1 } },
};

const REFUSED = {
  BadRequest: { description: 'Not the form that this operation takes', content: ERROR_CONTENT },
  Unauthorized: {
    description: 'The token is missing, expired, revoked or not valid here',
    headers: { 'WWW-Authenticate': { schema: { type: 'string' } } },
    content: ERROR_CONTENT,
  },
  Forbidden: {
    description: 'The token does not carry the permission, or the cookies come from elsewhere',
    content: ERROR_CONTENT,
  },
  TooManyRequests: {
    description: 'Too many attempts',
    headers: RETRY_AFTER,
    content: ERROR_CONTENT,
  },
  Unavailable: {
    description: 'A dependency is unavailable. Retry later.',
    headers: RETRY_AFTER,
    content: ERROR_CONTENT,
  },
  Other: { description: 'Other errors', content: ERROR_CONTENT },
};

const refused = (name: keyof typeof REFUSED) => ({ $ref: `#/components/responses/${name}` });

function operation(procedure: RoutedProcedure): JsonSchema {
  const { route } = procedure;
  const body = requestBody(procedure);
  const parameters = parametersOf(procedure);
  return {
    operationId: procedure.procedure,
    summary: route.summary,
    tags: [route.tag],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: body }),
    responses: {
      [String(route.status ?? 200)]: {
        description: 'Done',
        content: { 'application/json': { schema: procedure.output } },
      },
      '400': refused('BadRequest'),
      '401': refused('Unauthorized'),
      ...(route.public === true ? {} : { '403': refused('Forbidden') }),
      '429': refused('TooManyRequests'),
      '503': refused('Unavailable'),
      default: refused('Other'),
    },
    ...(route.public === true ? { security: [] } : { security: [{ bearer: [] }, { cookie: [] }] }),
  };
}

function parametersOf({ route, input, members, pathMembers }: RoutedProcedure) {
  const isBodyless = route.method === 'GET' || route.method === 'DELETE';
  const inQuery = isBodyless
    ? [...members.keys()].filter((name) => !pathMembers.includes(name))
    : (route.query ?? []);
  const required = requiredOf(input);
  return [
    ...pathMembers.map((name) => ({
      name,
      in: 'path',
      required: true,
      schema: propertiesOf(input)[name],
    })),
    ...inQuery.map((name) => ({
      name,
      in: 'query',
      required: required.includes(name),
      schema: propertiesOf(input)[name],
    })),
  ];
}

function requestBody({ route, input, pathMembers }: RoutedProcedure): JsonSchema | undefined {
  if (input === undefined || route.method === 'GET' || route.method === 'DELETE') return undefined;
  const properties = Object.fromEntries(
    Object.entries(propertiesOf(input)).filter(([name]) => !pathMembers.includes(name)),
  );
  if (Object.keys(properties).length === 0) return undefined;
  const required = requiredOf(input).filter((name) => !pathMembers.includes(name));
  const form = route.form === undefined ? {} : formContent(properties, required, route.form);
  const schema = objectSchema(properties, required);
  return { required: required.length > 0, content: { 'application/json': { schema }, ...form } };
}

function formContent(
  properties: Readonly<Record<string, unknown>>,
  required: readonly string[],
  renamed: Readonly<Record<string, string>>,
) {
  const nameOf = new Map(Object.entries(renamed).map(([form, member]) => [member, form]));
  const inForm = (name: string) => nameOf.get(name) ?? name;
  const schema = objectSchema(
    Object.fromEntries(Object.entries(properties).map(([name, value]) => [inForm(name), value])),
    required.map(inForm),
  );
  return { 'application/x-www-form-urlencoded': { schema } };
}

function objectSchema(properties: Readonly<Record<string, unknown>>, required: readonly string[]) {
  return {
    type: 'object',
    properties,
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
  };
}

function propertiesOf(input: JsonSchema | undefined): Readonly<Record<string, unknown>> {
  const properties = input?.['properties'];
  return isRecord(properties) ? properties : {};
}

function requiredOf(input: JsonSchema | undefined): readonly string[] {
  const required = input?.['required'];
  return Array.isArray(required) ? required.filter((name) => typeof name === 'string') : [];
}

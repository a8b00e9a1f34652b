/** The part of the OpenAPI document that no procedure stands behind. */
import { receipt, receiptWait } from '@portcullis/contracts/schemas';
import { toJsonSchema, type PathItems } from '@portcullis/service';

const json = (description: string, schema: object) => ({
  description,
  content: { 'application/json': { schema } },
});
const text = { type: 'string' } as const;
const oauthError = json('RFC 6749 section 5.2', {
  type: 'object',
  properties: { error: text, error_description: text },
  required: ['error'],
});
/** What each OAuth endpoint may answer besides: too many attempts, and a part that is unavailable. */
const waits = (description: string) => ({
  ...json(description, {
    type: 'object',
    properties: { error: { const: 'temporarily_unavailable' } },
    required: ['error'],
  }),
  headers: { 'Retry-After': { description: 'Seconds', schema: { type: 'integer', minimum: 1 } } },
});
const later = {
  429: waits('Too many attempts'),
  503: waits('A dependency is unavailable. Retry later.'),
};

export const oauthPaths: PathItems = {
  '/oauth2/token': {
    post: {
      operationId: 'oauth2.token',
      summary: 'Authorization code, client credentials and refresh (RFC 6749)',
      tags: ['OAuth'],
      requestBody: {
        required: true,
        content: {
          'application/x-www-form-urlencoded': {
            schema: {
              type: 'object',
              properties: {
                grant_type: {
                  type: 'string',
                  enum: ['authorization_code', 'client_credentials', 'refresh_token'],
                },
                code: text,
                code_verifier: text,
                redirect_uri: text,
                scope: text,
                refresh_token: text,
                client_id: text,
                client_assertion_type: text,
                client_assertion: text,
                resource: text,
              },
              required: ['grant_type'],
            },
          },
        },
      },
      responses: {
        200: json('Tokens', {
          type: 'object',
          properties: {
            access_token: text,
            token_type: { enum: ['Bearer', 'DPoP'] },
            expires_in: { type: 'integer' },
            scope: text,
            refresh_token: text,
          },
          required: ['access_token', 'token_type', 'expires_in'],
        }),
        400: oauthError,
        401: oauthError,
        ...later,
      },
    },
  },
  '/oauth2/revoke': {
    post: {
      operationId: 'oauth2.revoke',
      summary: 'Revoke a token (RFC 7009)',
      tags: ['OAuth'],
      parameters: [
        {
          name: 'wait',
          in: 'query',
          description: 'Milliseconds to wait for confirmations',
          schema: toJsonSchema(receiptWait, 'input'),
        },
      ],
      requestBody: {
        required: true,
        content: {
          'application/x-www-form-urlencoded': {
            schema: {
              type: 'object',
              properties: { token: text, token_type_hint: text, client_id: text },
              required: ['token'],
            },
          },
        },
      },
      responses: {
        200: json('The token is no longer valid; the receipt, if it was valid', {
          anyOf: [toJsonSchema(receipt, 'output'), { type: 'object', maxProperties: 0 }],
        }),
        400: oauthError,
        401: oauthError,
        ...later,
      },
    },
  },
  '/oauth2/introspect': {
    post: {
      operationId: 'oauth2.introspect',
      summary: 'Introspect a token (RFC 7662)',
      tags: ['OAuth'],
      security: [{ client: [] }],
      requestBody: {
        required: true,
        content: {
          'application/x-www-form-urlencoded': {
            schema: {
              type: 'object',
              properties: { token: text, token_type_hint: text },
              required: ['token'],
            },
          },
        },
      },
      responses: {
        200: json('What it says, or that it does not hold', {
          type: 'object',
          properties: {
            active: { type: 'boolean' },
            scope: text,
            client_id: text,
            token_type: { enum: ['Bearer', 'DPoP'] },
            exp: { type: 'integer' },
            iat: { type: 'integer' },
            nbf: { type: 'integer' },
            sub: text,
            aud: { anyOf: [text, { type: 'array', items: text }] },
            iss: text,
            jti: text,
            auth_time: { type: 'integer' },
            acr: text,
            cnf: { type: 'object', properties: { jkt: text } },
          },
          required: ['active'],
        }),
        400: oauthError,
        401: oauthError,
        403: oauthError,
        ...later,
      },
    },
  },
  '/.well-known/jwks.json': {
    get: {
      operationId: 'wellKnown.jwks',
      summary: 'The keys that tokens are signed with (RFC 7517)',
      tags: ['OAuth'],
      responses: {
        200: {
          description: 'A JWK set',
          content: {
            'application/jwk-set+json': {
              schema: {
                type: 'object',
                properties: { keys: { type: 'array', items: { type: 'object' } } },
                required: ['keys'],
              },
            },
          },
        },
        503: { $ref: '#/components/responses/Unavailable' },
        default: { $ref: '#/components/responses/Other' },
      },
    },
  },
  '/.well-known/oauth-authorization-server': {
    get: {
      operationId: 'wellKnown.metadata',
      summary: 'Metadata of the issuer (RFC 8414)',
      tags: ['OAuth'],
      responses: {
        200: json('Metadata', {
          type: 'object',
          required: ['issuer', 'jwks_uri', 'token_endpoint'],
        }),
        default: { $ref: '#/components/responses/Other' },
      },
    },
  },
};

/** The part of the OpenAPI document that is for verifiers. */
import { grantReply, grantRequest } from '@portcullis/contracts/schemas';
import { toJsonSchema, type PathItems } from '@portcullis/service';
import { SNAPSHOT_TYPE } from './snapshot-endpoint.ts';

const refused = {
  401: { $ref: '#/components/responses/Unauthorized' },
  403: { $ref: '#/components/responses/Forbidden' },
  503: { $ref: '#/components/responses/Unavailable' },
  default: { $ref: '#/components/responses/Other' },
};
const common = { tags: ['Verifiers'], security: [{ client: [] }] };

export const verifierPaths: PathItems = {
  '/v1/grants': {
    post: {
      ...common,
      operationId: 'verifiers.grant',
      summary: 'Request a grant over HTTP, with the client credentials of a verifier',
      requestBody: {
        required: true,
        content: { 'application/json': { schema: toJsonSchema(grantRequest, 'input') } },
      },
      responses: {
        200: {
          description: 'A grant, or that the log is another one',
          content: { 'application/json': { schema: toJsonSchema(grantReply, 'output') } },
        },
        400: { $ref: '#/components/responses/BadRequest' },
        ...refused,
      },
    },
  },
  '/v1/revocations/snapshot': {
    get: {
      ...common,
      operationId: 'verifiers.snapshot',
      summary: 'Download the revocation snapshot, with the client credentials of a verifier',
      responses: {
        200: {
          description: 'A binary snapshot',
          content: { [SNAPSHOT_TYPE]: { schema: { type: 'string', format: 'binary' } } },
        },
        ...refused,
      },
    },
  },
};

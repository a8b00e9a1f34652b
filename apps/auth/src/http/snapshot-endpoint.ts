/** `GET /v1/revocations/snapshot`: all that is revoked, for a verifier that has just started. */
import type { FastifyInstance } from '@portcullis/service';
import { Readable } from 'node:stream';
import { NO_STORE } from '../oauth/oauth-error.ts';
import type { RequireClient } from '../oauth/require-client.ts';
import { answerVerifierError } from './answer-verifier-error.ts';

export interface SnapshotEndpointDependencies {
  requireClient: RequireClient;
  /**
   * @returns chunks that several may be reading at once
   * @throws Refusal `unavailable` while there is none
   * @throws what the database throws
   */
  snapshot(): Promise<readonly Uint8Array[]>;
}

export const SNAPSHOT_TYPE = 'application/vnd.portcullis.revocations';

export function addSnapshotEndpoint(
  app: FastifyInstance,
  { requireClient, snapshot }: SnapshotEndpointDependencies,
): void {
  const route = { errorHandler: answerVerifierError };
  app.get('/v1/revocations/snapshot', route, async (request, reply) => {
    await requireClient(request, 'revocations:read');
    const chunks = await snapshot();
    const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    return await reply
      .headers(NO_STORE)
      .header('content-length', length)
      .type(SNAPSHOT_TYPE)
      .send(Readable.from(chunks, { objectMode: false }));
  });
}

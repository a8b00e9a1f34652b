/**
 * `POST /v1/grants`: the same grants as over NATS, for verifiers that do not reach it. What answers,
 * and what counts confirmations, is one code path for both.
 */
import { invalidRequest } from '@portcullis/api';
import { Refusal, type Acknowledgement } from '@portcullis/contracts';
import { grantRequest } from '@portcullis/contracts/schemas';
import type { FastifyInstance } from '@portcullis/service';
import { NO_STORE } from '../oauth/oauth-error.ts';
import type { RequireClient } from '../oauth/require-client.ts';
import type { BusListener } from '../revocation/bus.ts';
import { answerVerifierError } from './answer-verifier-error.ts';

export interface GrantEndpointDependencies {
  requireClient: RequireClient;
  grant: BusListener['grant'];
  /**
   * Notifies the other instances, one of which may wait for this very confirmation. Best effort: the
   * next request carries the position, which confirms as well.
   */
  relay(service: string, confirmed: Acknowledgement): void;
}

export function addGrantEndpoint(
  app: FastifyInstance,
  { requireClient, grant, relay }: GrantEndpointDependencies,
): void {
  app.post('/v1/grants', { errorHandler: answerVerifierError }, async (request, reply) => {
    void reply.headers(NO_STORE);
    const client = await requireClient(request, 'revocations:read');
    const parsed = grantRequest.safeParse(request.body);
    if (!parsed.success) throw invalidRequest(parsed.error);
    const { service, incarnation, applied } = parsed.data;
    // As the subject's name over NATS: no service speaks for another.
    if (client.name !== service) {
      throw new Refusal('insufficient_scope', { cause: new Error('for another service') });
    }
    if (applied.length > 0) relay(service, { version: 1, incarnation, applied });
    const answer = await grant(parsed.data);
    if (answer.outcome === 'unavailable') throw new Refusal('unavailable', { retryAfter: 1 });
    return answer;
  });
}

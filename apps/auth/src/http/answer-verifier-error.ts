/** Errors of what verifiers ask for over HTTP, in the form of every other error of ours. */
import { Refusal } from '@portcullis/contracts';
import {
  answerRefusal,
  refusalOfHttp,
  type FastifyReply,
  type FastifyRequest,
} from '@portcullis/service';
import { NO_STORE, OAuthError } from '../oauth/oauth-error.ts';

export function answerVerifierError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  void reply.headers(NO_STORE);
  void answerRefusal(request, reply, refusalOfVerifierError(error));
}

function refusalOfVerifierError(error: unknown): Refusal {
  if (!(error instanceof OAuthError)) return refusalOfHttp(error);
  const code = error.code === 'insufficient_scope' ? 'insufficient_scope' : 'invalid_client';
  return new Refusal(code, { cause: error.cause ?? error });
}

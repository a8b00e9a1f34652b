/**
 * The auth service, which does what administrators ask for: every call under this request's id, every
 * failure as the refusal that the administrator should get.
 */
import type { AskAuth, UserCall } from '@portcullis/api';
import { isPortcullisError, type createMachineClient } from '@portcullis/client';
import { Refusal, type PlainErrorCode } from '@portcullis/contracts';
import { getUntypedClient } from '@trpc/client';

/** Seconds after which an administrator tries again, where the auth service did not say. */
const RETRY_AFTER_S = 1;

/** What the auth service says about the administrator's request, and therefore to the administrator. */
const FORWARDED_CODES: ReadonlySet<string> = new Set<PlainErrorCode>([
  'invalid_request',
  'not_found',
  'conflict',
  'last_administrator',
  'rate_limited',
  'unavailable',
  'overloaded',
]);

/** Passes operations on to auth, each by its path there. */
export function asksOf(client: ReturnType<typeof createMachineClient>): AskAuth {
  const auth = getUntypedClient(client);
  return {
    query: (call, path, input) => answered(auth.query(path, input, optionsOf(call))),
    mutation: (call, path, input) => answered(auth.mutation(path, input, optionsOf(call))),
  };
}

/** Without the request's signal: a change goes through although the administrator has hung up. */
function optionsOf({ request: { requestId } }: UserCall) {
  return { context: { requestId } };
}

async function answered(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    throw refusalOfAuth(error);
  }
}

/**
 * A refused token or scope is this service's own, never the administrator's: passed on as 401 it would
 * end a good session. The same holds for an answer that is missing or cannot be read. If auth refuses
 * because the administrator's rights have ended, that is answered as if this service had known: 403.
 */
export function refusalOfAuth(error: unknown): Refusal {
  const retryAfter = RETRY_AFTER_S;
  if (!isPortcullisError(error)) return new Refusal('internal', { cause: error });
  const { code } = error;
  if (code === 'actor_refused') return new Refusal('insufficient_scope', { cause: error });
  if (!isPassedOn(code)) return new Refusal('unavailable', { cause: error, retryAfter });
  return new Refusal(code, {
    cause: error,
    ...(error.retryAfterSeconds === undefined ? {} : { retryAfter: error.retryAfterSeconds }),
    ...(error.issues.length > 0 ? { issues: error.issues } : {}),
  });
}

function isPassedOn(code: string): code is PlainErrorCode {
  return FORWARDED_CODES.has(code);
}

/** The auth service as this one needs it, and its refusals as the user should get them. */
import type { UserCall } from '@portcullis/api';
import { isPortcullisError, type createMachineClient } from '@portcullis/client';
import { Refusal, type PlainErrorCode } from '@portcullis/contracts';

type AuthClient = ReturnType<typeof createMachineClient>;

/** @returns since when it is the name */
export type RenameAtAuth = (call: UserCall, name: string | null) => Promise<Date>;

/** Seconds after which to try again, where auth did not say. */
const RETRY_AFTER_S = 1;

/** What auth says about the user's request. */
const FORWARDED_CODES: ReadonlySet<string> = new Set<PlainErrorCode>([
  'invalid_request',
  'not_found',
  'rate_limited',
  'unavailable',
  'overloaded',
]);

export function renameAtAuth({ accounts }: AuthClient): RenameAtAuth {
  return async ({ caller, request }, name) => {
    // Without the request's signal: a change goes through although the user has hung up.
    const options = { context: { requestId: request.requestId } };
    const renamed = await accounts.rename
      .mutate({ user_id: caller.sub, name }, options)
      .catch((error: unknown) => {
        throw refusalOfAuth(error);
      });
    if (renamed.changed_at === null) throw new Refusal('internal');
    return new Date(renamed.changed_at);
  };
}

/** A refused token or scope is this service's own, never the user's; so is an answer that did not come. */
function refusalOfAuth(error: unknown): Refusal {
  if (!isPortcullisError(error)) return new Refusal('internal', { cause: error });
  const { code } = error;
  // The account is disabled, and this verifier has not received that yet.
  if (code === 'actor_refused') {
    return new Refusal('invalid_token', { cause: error, reason: 'subject_revoked' });
  }
  if (!isPassedOn(code)) {
    return new Refusal('unavailable', { cause: error, retryAfter: RETRY_AFTER_S });
  }
  return new Refusal(code, {
    cause: error,
    ...(error.retryAfterSeconds === undefined ? {} : { retryAfter: error.retryAfterSeconds }),
    ...(code === 'invalid_request' ? { issues: error.issues } : {}),
  });
}

function isPassedOn(code: string): code is PlainErrorCode {
  return FORWARDED_CODES.has(code);
}

/**
 * `POST /oauth2/introspect` (RFC 7662): whether an access token holds at this moment, for services
 * whose own copy of what is revoked is too old.
 *
 * Invariant: the answer rests on a read of Postgres that begins after the question has come; nothing is
 * cached. Everything but an access token of ours that holds is answered exactly `{"active":false}`
 * (section 2.2), so that nothing else about it is revealed.
 */
import {
  isUserClaims,
  Refusal,
  type AccessTokenClaims,
  type UserClaims,
} from '@portcullis/contracts';
import type { FastifyInstance } from '@portcullis/service';
import { formMembersOf } from './identify-client.ts';
import { answerOAuthError, NO_STORE, OAuthError } from './oauth-error.ts';
import type { RequireClient } from './require-client.ts';

export interface IntrospectionDependencies {
  requireClient: RequireClient;
  /** For tokens of any audience: the service that asks knows its own. */
  authenticate(token: string): Promise<AccessTokenClaims>;
}

const INACTIVE = { active: false };

export function addIntrospectionEndpoint(
  app: FastifyInstance,
  { requireClient, authenticate }: IntrospectionDependencies,
): void {
  app.post('/oauth2/introspect', { errorHandler: answerOAuthError }, async (request, reply) => {
    void reply.headers(NO_STORE);
    const members = formMembersOf(request);
    await requireClient(request, 'tokens:introspect');
    // `token_type_hint` is one (section 2.1): it changes nothing here.
    const token = members.get('token');
    if (token === undefined) throw new OAuthError('invalid_request', 'There is no token.');
    try {
      return describe(await authenticate(token));
    } catch (error) {
      const isInactive =
        error instanceof Refusal &&
        (error.code === 'invalid_token' || error.code === 'token_stale');
      if (isInactive) return INACTIVE;
      throw error;
    }
  });
}

function describe(claims: AccessTokenClaims) {
  const { iss, sub, aud, exp, iat, nbf, jti, client_id, cnf } = claims;
  return {
    active: true,
    ...(claims.scope === undefined ? {} : { scope: claims.scope }),
    ...(isUserClaims(claims) ? loginOf(claims) : {}),
    client_id,
    token_type: cnf === undefined ? 'Bearer' : 'DPoP',
    exp,
    iat,
    ...(nbf === undefined ? {} : { nbf }),
    sub,
    aud,
    iss,
    jti,
    // RFC 9449 section 6.2.
    ...(cnf === undefined ? {} : { cnf }),
  };
}

/** RFC 9470 section 6.2: when and how the user has logged in; `acr` where the login is of a class. */
function loginOf({ auth_time, acr }: UserClaims) {
  return { auth_time, ...(acr === undefined ? {} : { acr }) };
}

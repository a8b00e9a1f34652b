/**
 * Protects the procedures of a tRPC router of one's own.
 *
 * The check runs for each procedure, not for each HTTP request, so that a revocation between two
 * calls of one batch is seen.
 */
import { isUserClaims, Refusal, rolesAllow } from '@portcullis/contracts';
import type { AccessTokenClaims, Permission, UserClaims } from '@portcullis/contracts';
import { initTRPC, TRPCError } from '@trpc/server';
import { readAuthorization, type Authorization } from '../proof/authorization.ts';
import { NO_PROOF, type Possession } from '../proof/possession.ts';
import type { Verifier, VerifyOptions } from '../verifier.ts';

export { formatRefusal, refusalMeta, type RefusedCall } from './refusals.ts';

/** What the context of the router must carry. */
export interface AuthorizationContext {
  /** The raw `Authorization` header, or what `authorizationOf` of `@portcullis/verify/cookie` gives. */
  authorization: Authorization;
  /** For bound tokens (RFC 9449), which are refused without it; one object for each HTTP request. */
  possession?: Possession | undefined;
}

/** What need not be there is not named: tRPC takes a middleware only where all that it names is. */
const t = initTRPC.context<Pick<AuthorizationContext, 'authorization'>>().create();

export interface ProtectOptions extends VerifyOptions {
  /** One of the user's roles must carry it. */
  permission?: Permission;
}

/** A middleware for `procedure.use`, after which `ctx.token` holds the claims of a user's token. */
export function protect(verifier: Verifier, { permission, ...options }: ProtectOptions = {}) {
  return t.middleware(({ ctx, next: proceed }) => {
    try {
      const claims = verified(verifier, ctx, options);
      // Almost always they are here: a request waits for nothing, and makes nothing, that it need not.
      if (!(claims instanceof Promise)) return proceed({ ctx: requireUser(claims, permission) });
      return claims.then((late) => proceed({ ctx: requireUser(late, permission) })).catch(refuse);
    } catch (error) {
      return refuse(error);
    }
  });
}

function verified(
  verifier: Verifier,
  { authorization, possession = NO_PROOF }: AuthorizationContext,
  options: VerifyOptions,
): AccessTokenClaims | Promise<AccessTokenClaims> {
  const { token, scheme } = readAuthorization(authorization);
  return verifier.verifyMaybeSync(token, scheme === 'dpop' ? { ...options, possession } : options);
}

/** What the context says of the caller. @throws Refusal `insufficient_scope` */
function requireUser(
  claims: AccessTokenClaims,
  permission: Permission | undefined,
): { token: UserClaims } {
  if (
    !isUserClaims(claims) ||
    (permission !== undefined && !rolesAllow(claims.roles, permission))
  ) {
    throw new Refusal('insufficient_scope');
  }
  return { token: claims };
}

/** The token of `Authorization: Bearer …` (RFC 6750 section 2.1). @throws Refusal `invalid_token` */
export function bearerToken(authorization: Authorization): string {
  const { token, scheme } = readAuthorization(authorization);
  if (scheme !== 'bearer') throw new Refusal('invalid_token');
  return token;
}

/** @throws TRPCError always */
function refuse(error: unknown): never {
  if (!(error instanceof Refusal)) {
    throw new TRPCError({ code: 'INTERNAL_SERVER_ERROR', cause: error });
  }
  const code =
    error.status === 401
      ? 'UNAUTHORIZED'
      : error.status === 403
        ? 'FORBIDDEN'
        : 'SERVICE_UNAVAILABLE';
  throw new TRPCError({ code, message: error.message, cause: error });
}

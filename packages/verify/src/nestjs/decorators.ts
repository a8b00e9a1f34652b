/** What a controller, or a method of one, says about its callers. */
import {
  createParamDecorator,
  SetMetadata,
  type CustomDecorator,
  type ExecutionContext,
} from '@nestjs/common';
import type { AccessTokenClaims } from '@portcullis/contracts';
import { createGuard, Refusal, type GuardOptions, type RequestLike } from '../guard/index.ts';
import { callerOf } from './callers.ts';

/** Under which Nest keeps what was said: options, or that nothing is demanded. */
export const PROTECTION = 'portcullis:protection';
export type Protection = GuardOptions | 'public';

/**
 * Who may call. An option that is left out is that of the class, or else of the module.
 *
 * @throws TypeError that names the option that cannot be meant, when the class is made
 * @example
 * @Protect({ require: { permission: 'users:read' } })
 */
export function Protect(options: GuardOptions): CustomDecorator {
  createGuard({ verifyMaybeSync: refuse, issuerNowMs: 0 }, options);
  return SetMetadata(PROTECTION, options);
}

async function refuse(): Promise<never> {
  throw new Refusal('invalid_token');
}

/** Lets every request in, with a token or without one. */
export const Public = (): CustomDecorator => SetMetadata(PROTECTION, 'public' satisfies Protection);

/**
 * The claims of the caller's token: `UserClaims`, unless clients are required too.
 *
 * @throws Error where no caller was let in: a method that is public
 */
export const Caller = createParamDecorator(
  (_: unknown, context: ExecutionContext): AccessTokenClaims =>
    callerOf(context.switchToHttp().getRequest<RequestLike>()),
);

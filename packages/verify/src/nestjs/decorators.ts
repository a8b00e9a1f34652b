/** What a controller, or a method of one, says about its callers. */
import {
  applyDecorators,
  createParamDecorator,
  SetMetadata,
  type ExecutionContext,
} from '@nestjs/common';
import {
  OWN_ACCESS,
  type AccessTokenClaims,
  type Permission,
  type Requirement,
  type Role,
} from '@portcullis/contracts';
import { createGuard, Refusal, type GuardOptions, type RequestLike } from '../guard/index.ts';
import { callerOf } from './callers.ts';

/** Under which Nest keeps what was said: options, or that nothing is demanded. */
export const PROTECTION = 'portcullis:protection';
export type Protection = AnyGuardOptions | 'public';
/** Of whichever names: the verifier's are not known where a decorator stands. */
export type AnyGuardOptions = GuardOptions<Requirement<string, string>>;
export type Said = ReturnType<typeof applyDecorators>;

/**
 * Who may call. An option that is left out is that of the class, or else of the module.
 *
 * @typeParam P the permissions that there are; Portcullis' own unless given, as those of the verifier are
 * @typeParam N the roles
 * @throws TypeError that names the option that cannot be meant, when the class is made; and where the method or the
 *   class has another `Protect` or `Public`
 * @example
 * @Protect({ require: { permission: 'users:read' } })
 * @example
 * const ProtectOrders = Protect<PermissionOf<typeof config>, RoleOf<typeof config>>;
 * @ProtectOrders({ require: { permission: 'orders:refund' } })
 */
export function Protect<P extends string = Permission, N extends string = Role>(
  options: GuardOptions<Requirement<NoInfer<P>, NoInfer<N>>>,
): Said {
  const meant: AnyGuardOptions = options;
  createGuard({ verifyMaybeSync: refuse, issuerNowMs: 0, access: OWN_ACCESS }, meant);
  return sayOnce(held(meant));
}

/** A copy of what was meant, whatever becomes of the options. */
export function held({ nonces, ...plain }: AnyGuardOptions): AnyGuardOptions {
  return nonces === undefined ? structuredClone(plain) : { ...structuredClone(plain), nonces };
}

/** @throws TypeError where two say something about one method or class: one of them would be lost */
function sayOnce(protection: Protection): Said {
  const demandOnce = (target: object, _key?: unknown, descriptor?: { value?: unknown }): void => {
    const said: unknown = descriptor?.value ?? target;
    if (typeof said === 'function' && Reflect.hasOwnMetadata(PROTECTION, said)) {
      throw new TypeError('Protect and Public: say it once for each method and class');
    }
  };
  return applyDecorators(demandOnce, SetMetadata(PROTECTION, protection));
}

async function refuse(): Promise<never> {
  throw new Refusal('invalid_token');
}

/** Lets every request in, with a token or without one. */
export const Public = (): Said => sayOnce('public');

/**
 * The claims of the caller's token: `UserClaims`, unless clients are required too.
 *
 * @throws Error where no caller was let in: a method that is public
 */
export const Caller = createParamDecorator(
  (_: unknown, context: ExecutionContext): AccessTokenClaims =>
    callerOf(context.switchToHttp().getRequest<RequestLike>()),
);

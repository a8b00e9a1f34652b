/** The guard of a service, which lets in every caller with a token: which of them an operation requires, its procedure says. */
import {
  createGuard,
  type Guard,
  type RequestGuard,
  type TokenCheck,
  type TokenPolicy,
} from '@portcullis/verify/guard';

/** A service with streams needs one that watches. */
export type ServiceGuard = Pick<RequestGuard, 'authenticate' | 'answerOf'> &
  Partial<Pick<Guard, 'watch' | 'access'>>;

/**
 * @param policy of whose cookies only what decides is taken: settings have more
 * @throws TypeError that names what cannot be meant
 */
export function createServiceGuard(
  check: TokenCheck,
  { cookies, publicUrls }: TokenPolicy,
): ServiceGuard {
  const { insecure = false, origins = [] } = cookies ?? {};
  return createGuard(check, {
    require: 'any',
    publicUrls,
    cookies: cookies === undefined ? undefined : { insecure, origins },
  });
}

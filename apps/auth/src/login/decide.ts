import type { UserId } from '@portcullis/contracts';
import type { Factors } from './factor.ts';

/**
 * The fourth step of a login: whether the password is enough.
 *
 * @returns the methods of which one more has to be used; none: it is enough
 */
export async function decide(factors: Factors, user: UserId): Promise<string[]> {
  const enrolled = await factors.enrolledBy(user);
  return enrolled.map(({ method }) => method);
}

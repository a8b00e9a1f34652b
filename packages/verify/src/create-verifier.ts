import type { Permission, Role } from '@portcullis/contracts';
import { LocalVerifier } from './local-verifier.ts';
import type { Verifier, VerifierOptions } from './verifier.ts';

/**
 * Starts a verifier. It listens for revocations at once and accepts tokens from its first grant on;
 * `ready()` waits for that.
 *
 * @typeParam P the permissions that there are, as `PermissionOf<typeof config>` of `portcullis.config.ts`; guards take
 *   no other. Portcullis' own unless given
 * @typeParam N the roles, as `RoleOf<typeof config>`
 * @throws TypeError for options that cannot be meant
 */
export async function createVerifier<P extends string = Permission, N extends string = Role>(
  options: VerifierOptions,
): Promise<Verifier<P, N>> {
  const verifier = new LocalVerifier(options);
  try {
    await verifier.start();
  } catch (error) {
    // It would go on asking, and no caller could end it.
    await verifier[Symbol.asyncDispose]().catch(() => undefined);
    throw error;
  }
  return verifier;
}

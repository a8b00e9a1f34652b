import { demandOption, type Permission, type Role } from '@portcullis/contracts';
import { LocalVerifier } from './local-verifier.ts';
import { demandVerifierOptions, OF } from './options.ts';
import type { WhenStale } from './stale/policy.ts';
import type { Verifier, VerifierOptions } from './verifier.ts';

/**
 * Starts a verifier. It listens for revocations at once and accepts tokens from its first grant on;
 * `ready()` waits for that.
 *
 * @typeParam P the permissions that there are, as `PermissionOf<typeof config>` of `portcullis.config.ts`; guards take
 *   no other. Portcullis' own unless given
 * @typeParam N the roles, as `RoleOf<typeof config>`
 * @throws TypeError for options that cannot be meant, and for a name that is one of them but for a letter or two
 * @throws what the feed throws when it is opened; and where a policy was given and what it needs cannot be loaded
 */
export async function createVerifier<P extends string = Permission, N extends string = Role>(
  given: VerifierOptions,
): Promise<Verifier<P, N>> {
  demandOption(typeof given === 'object' && given !== null, OF, 'its argument', 'an object');
  // What is awaited below gives others a turn.
  const options = { ...given };
  await demandVerifierOptions(options);
  const { whenStale } = options;
  const Stale = whenStale === undefined ? undefined : await staleAdmissionFor(whenStale);
  const verifier = new LocalVerifier(options, Stale);
  try {
    await verifier.start();
  } catch (error) {
    // It would go on asking, and no caller could end it.
    await verifier[Symbol.asyncDispose]().catch(() => undefined);
    throw error;
  }
  return verifier;
}

/** Loaded for who gives a policy, which few services do. @throws TypeError as `checkPolicy` */
async function staleAdmissionFor(whenStale: WhenStale) {
  const { checkPolicy, StaleAdmission } = await import('./stale/stale-admission.ts');
  checkPolicy(whenStale);
  return StaleAdmission;
}

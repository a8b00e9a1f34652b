/**
 * Which services run verifiers that do not read a kind of revocations, or do not know roles of an adopter's own: of a
 * release before it, or silent about what they read. Such a verifier takes no answer that has such a revocation in it,
 * and so answers 503 once S has passed; and no token that has such a role in it.
 *
 * Invariant (SPEC.md A11): what such a verifier cannot read is not revoked while it is registered. It is a look and no
 * lock: a verifier of before that starts right after it answers 503 as well, and accepts nothing.
 */
import { Refusal, type RevocationKind } from '@portcullis/contracts';
import type { Clock } from '@portcullis/verify';
import type { RegisteredVerifier, VerifierRegistry } from './registry.ts';

/** One that has just started says what it reads with its second question, right after the first. Milliseconds. */
const PATIENCE_MS = 1_000;
const LOOK_EVERY_MS = 50;

/** What a verifier of 0.2.0 refuses in a token, beside kinds of revocations. */
export const ROLES_OF_ONES_OWN = 'roles of ones own';

type Needed = RevocationKind | typeof ROLES_OF_ONES_OWN;

/** @returns the names of these services, each once */
export type OutdatedServices = (needed: Needed) => Promise<string[]>;

export interface OutdatedServicesDependencies {
  registry: Pick<VerifierRegistry, 'list'>;
  clock: Pick<Clock, 'monotonic' | 'after'>;
}

export function createOutdatedServices({
  registry,
  clock,
}: OutdatedServicesDependencies): OutdatedServices {
  return async (needed) => {
    const deadline = clock.monotonic() + PATIENCE_MS;
    for (;;) {
      const { verifiers } = await registry.list();
      const outdated = verifiers.filter((verifier) => !reads(verifier, needed));
      if (outdated.length === 0 || clock.monotonic() >= deadline) {
        return [...new Set(outdated.map(({ service }) => service))];
      }
      await new Promise<void>((resolve) => {
        clock.after(LOOK_EVERY_MS, resolve);
      });
    }
  };
}

function reads({ kinds, access }: RegisteredVerifier, needed: Needed): boolean {
  return needed === ROLES_OF_ONES_OWN ? access !== null : kinds?.includes(needed) === true;
}

/** @throws Refusal `conflict` that names each service to upgrade */
export function refuseWhileOutdated(needed: Needed, services: readonly string[]): void {
  if (services.length === 0) return;
  throw new Refusal('conflict', {
    cause: new Error(`verifiers of ${services.join(', ')} do not read ${needed}`),
    issues: services.map((service) => ({
      path: needed === ROLES_OF_ONES_OWN ? 'roles' : 'client_id',
      message: `the service ${service} runs a release that knows no ${
        needed === ROLES_OF_ONES_OWN ? 'roles of ones own' : 'revocation of this kind'
      }: upgrade it first`,
    })),
  });
}

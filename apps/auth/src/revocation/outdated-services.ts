/**
 * Which services run verifiers that do not read a kind of revocations: of a release before it, or silent about what
 * they read. Such a verifier takes no answer that has one in it, and so answers 503 once S has passed.
 *
 * Invariant (SPEC.md A11): what such a verifier cannot read is not revoked while it is registered. It is a look and no
 * lock: a verifier of before that starts right after it answers 503 as well, and accepts nothing.
 */
import { Refusal, type RevocationKind } from '@portcullis/contracts';
import type { Clock } from '@portcullis/verify';
import type { VerifierRegistry } from './registry.ts';

/** One that has just started says what it reads with its second question, right after the first. Milliseconds. */
const PATIENCE_MS = 1_000;
const LOOK_EVERY_MS = 50;

/** @returns the names of these services, each once */
export type OutdatedServices = (kind: RevocationKind) => Promise<string[]>;

export interface OutdatedServicesDependencies {
  registry: Pick<VerifierRegistry, 'list'>;
  clock: Pick<Clock, 'monotonic' | 'after'>;
}

export function createOutdatedServices({
  registry,
  clock,
}: OutdatedServicesDependencies): OutdatedServices {
  return async (kind) => {
    const deadline = clock.monotonic() + PATIENCE_MS;
    for (;;) {
      const { verifiers } = await registry.list();
      const outdated = verifiers.filter(({ kinds }) => kinds?.includes(kind) !== true);
      if (outdated.length === 0 || clock.monotonic() >= deadline) {
        return [...new Set(outdated.map(({ service }) => service))];
      }
      await new Promise<void>((resolve) => {
        clock.after(LOOK_EVERY_MS, resolve);
      });
    }
  };
}

/** @throws Refusal `conflict` that names each service to upgrade */
export function refuseWhileOutdated(kind: RevocationKind, services: readonly string[]): void {
  if (services.length === 0) return;
  throw new Refusal('conflict', {
    cause: new Error(`verifiers of ${services.join(', ')} do not read ${kind}`),
    issues: services.map((service) => ({
      path: 'client_id',
      message: `the service ${service} runs a release that knows no revocation of this kind: upgrade it first`,
    })),
  });
}

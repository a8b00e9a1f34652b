/**
 * Receipts for a change of what roles carry: which of the running verifiers enforce it, and when the rest must.
 *
 * Invariant (SPEC.md A13): the registry is read after the commit. Every verifier that could be fresh without the change
 * had committed its registration before its answer was read, so it stands in that reading, and is waited for until
 * it has said that it enforces this number or a higher one, has deregistered, or can no longer be fresh.
 */
import type { AccessReceipt } from '@portcullis/contracts';
import type { Clock } from '@portcullis/verify';
import type { RegisteredVerifier, RenewalWatch, VerifierRegistry } from './registry.ts';

/** How often to look whether a verifier has said so. Milliseconds. */
const POLL_MS = 100;

/** @param waitMs for how long the caller is willing to wait */
export type AccessReceipts = (waitMs: number) => Promise<AccessReceipt>;

export interface AccessReceiptDependencies {
  registry: Pick<VerifierRegistry, 'list'>;
  watch: Pick<RenewalWatch, 'observe' | 'hasExpired'>;
  clock: Pick<Clock, 'monotonic' | 'after'>;
  /** The mapping that counts, and when it began to. */
  present(): Promise<{ number: number; changedAt: Date }>;
}

export function createAccessReceipts(dependencies: AccessReceiptDependencies): AccessReceipts {
  const { registry, watch, clock, present } = dependencies;

  return async (waitMs) => {
    const deadline = clock.monotonic() + waitMs;
    const { number, changedAt } = await present();
    const first = await registry.list();
    watch.observe(first.verifiers);
    const promised = first.verifiers.filter(({ policy }) => policy !== 'accept');
    let latest = first.verifiers;
    for (;;) {
      const { expected, pending } = count(promised, latest, number);
      if (pending.length === 0 || clock.monotonic() >= deadline) {
        const greatestS = Math.max(0, ...first.verifiers.map((one) => one.maxStalenessMs));
        return {
          number,
          committed_at: changedAt.toISOString(),
          confirmed: expected - pending.length,
          expected,
          pending: pending.map(nameOf),
          best_effort: first.verifiers.filter(({ policy }) => policy === 'accept').map(nameOf),
          enforced_by: new Date(Math.ceil(first.issuerTime) + greatestS).toISOString(),
        };
      }
      await new Promise<void>((resolve) => {
        clock.after(Math.min(POLL_MS, deadline - clock.monotonic()), resolve);
      });
      latest = (await registry.list()).verifiers;
      watch.observe(latest);
    }
  };

  /** Without those that have deregistered, or that this instance has watched run out. */
  function count(
    promised: readonly RegisteredVerifier[],
    latest: readonly RegisteredVerifier[],
    number: number,
  ): { expected: number; pending: RegisteredVerifier[] } {
    const left = promised.flatMap(({ incarnation }) => {
      const now = latest.find((verifier) => verifier.incarnation === incarnation);
      return now === undefined || watch.hasExpired(incarnation) ? [] : [now];
    });
    const pending = left.filter(({ access }) => access === null || access < number);
    return { expected: left.length, pending };
  }
}

function nameOf({ service, incarnation }: RegisteredVerifier) {
  return { service, incarnation };
}

/**
 * The verifiers that one receipt waits for: those of the first look at the registry, by what the latest
 * look and their acknowledgements say of them.
 *
 * Invariant (SPEC.md A7): a verifier is waited for until it has confirmed every event of the receipt, has deregistered,
 * or can no longer be fresh. Those that accept while stale cannot be promised for, and are not waited for.
 */
import type { EventId, IncarnationId, RevocationEvent } from '@portcullis/contracts';
import type { Acknowledgements } from './acknowledgements.ts';
import type { RegisteredVerifier, RegistrySnapshot, RenewalWatch } from './registry.ts';

export interface AwaitedVerifiersDependencies {
  acknowledgements: Pick<Acknowledgements, 'has'>;
  watch: Pick<RenewalWatch, 'hasExpired'>;
}

export class AwaitedVerifiers {
  readonly #acknowledgements: AwaitedVerifiersDependencies['acknowledgements'];
  readonly #watch: AwaitedVerifiersDependencies['watch'];
  readonly #events: readonly RevocationEvent[];
  readonly #promised: readonly RegisteredVerifier[];
  /** Those for which no receipt can promise anything. */
  readonly bestEffort: readonly RegisteredVerifier[];
  #latest: RegistrySnapshot;
  #present: ReadonlyMap<IncarnationId, RegisteredVerifier>;
  #positions: ReadonlyMap<EventId, number> = new Map();

  constructor(
    { acknowledgements, watch }: AwaitedVerifiersDependencies,
    events: readonly RevocationEvent[],
    first: RegistrySnapshot,
  ) {
    this.#acknowledgements = acknowledgements;
    this.#watch = watch;
    this.#events = events;
    this.#latest = first;
    this.#present = byIncarnation(first);
    this.bestEffort = first.verifiers.filter(({ policy }) => policy === 'accept');
    this.#promised = first.verifiers.filter(({ policy }) => policy !== 'accept');
  }

  /** @param positions of the events, read before the registry was */
  look(latest: RegistrySnapshot, positions: ReadonlyMap<EventId, number>): void {
    this.#latest = latest;
    this.#present = byIncarnation(latest);
    this.#positions = positions;
  }

  expected(): RegisteredVerifier[] {
    return this.#promised.filter((verifier) => this.#isExpected(verifier));
  }

  outstanding(): RegisteredVerifier[] {
    return this.expected().filter((verifier) => !this.#hasConfirmed(verifier));
  }

  /** False for one that has deregistered, or that this instance has watched run out. */
  #isExpected({ incarnation }: RegisteredVerifier): boolean {
    return this.#present.has(incarnation) && !this.#watch.hasExpired(incarnation);
  }

  /** By acknowledging each event, or by having asked for its last grant from beyond them. */
  #hasConfirmed({ incarnation, service }: RegisteredVerifier): boolean {
    const { epoch, head } = this.#latest;
    const now = this.#present.get(incarnation);
    return this.#events.every(({ id }) => {
      if (this.#acknowledgements.has(id, incarnation, service)) return true;
      const position = this.#positions.get(id);
      return (
        position !== undefined &&
        now?.epoch === epoch &&
        now.position >= position &&
        // Beyond the head it is of a history that was lost, and says nothing of this event.
        now.position <= head
      );
    });
  }
}

function byIncarnation({
  verifiers,
}: RegistrySnapshot): ReadonlyMap<IncarnationId, RegisteredVerifier> {
  return new Map(verifiers.map((verifier) => [verifier.incarnation, verifier]));
}

/**
 * Receipts: which of the running verifiers have confirmed, and when the rest must hold.
 *
 * Invariant: the registry is read after the commit. Every verifier that could be fresh without the
 * event had committed its registration before it read the log, so it stands in that reading, and is
 * waited for until it has confirmed this very event, has taken its leave, or can no longer be fresh.
 */
import type { EventId, Receipt, RevocationEvent } from '@portcullis/contracts';
import { Refusal } from '@portcullis/contracts';
import type { Acknowledgements } from './acknowledgements.ts';
import type { RevocationLog } from './log.ts';
import type { Publisher } from './publisher.ts';
import type {
  RegisteredVerifier,
  RegistrySnapshot,
  RenewalWatch,
  VerifierRegistry,
} from './registry.ts';

/** How a verb answers for what it has taken back. */
export interface Receipts {
  /**
   * @param events what one change has revoked; several when sessions were ended one by one
   * @param waitMs for how long the caller is willing to wait for confirmations
   * @param revoked what to name in the receipt; the last event's kind and key unless given
   */
  collect(
    events: readonly RevocationEvent[],
    waitMs: number,
    revoked?: Receipt['revoked'],
  ): Promise<Receipt>;
  /** The receipt of an event that was committed before, perhaps by another instance. */
  again(eventId: RevocationEvent['id'], waitMs: number): Promise<Receipt>;
}

/** How often to look whether a verifier has confirmed by its grant instead. Milliseconds. */
const REGISTRY_POLL_MS = 250;

export interface ReceiptDependencies {
  log: Pick<RevocationLog, 'find' | 'positionsOf'>;
  registry: Pick<VerifierRegistry, 'list'>;
  watch: RenewalWatch;
  acknowledgements: Acknowledgements;
  publisher: Pick<Publisher, 'isPublished' | 'isInFlight' | 'push'>;
  monotonic(): number;
}

export function createReceipts(dependencies: ReceiptDependencies): Receipts {
  const { log, registry, watch, acknowledgements, publisher, monotonic } = dependencies;

  const collect: Receipts['collect'] = async (events, waitMs, revoked) => {
    const deadline = monotonic() + waitMs;
    const first = await registry.list();
    watch.observe(first.verifiers);
    let latest = first;
    let positions = new Map<EventId, number>();
    // Those that accept while stale cannot be promised for, and hold nobody up.
    const unpromised = first.verifiers.filter(({ policy }) => policy === 'accept');
    const promised = first.verifiers.filter(({ policy }) => policy !== 'accept');
    const outstanding = (): RegisteredVerifier[] =>
      promised.filter(
        (verifier) =>
          isExpected(verifier, latest) && !hasConfirmed(verifier, events, latest, positions),
      );
    let pending = outstanding();
    const inFlight = (): boolean => events.some(({ id }) => publisher.isInFlight(id));
    while ((pending.length > 0 || inFlight()) && monotonic() < deadline) {
      const woken = await wakeUp(Math.min(deadline - monotonic(), REGISTRY_POLL_MS));
      if (!woken) {
        positions = await log.positionsOf(events.map(({ id }) => id));
        latest = await registry.list();
        watch.observe(latest.verifiers);
      }
      pending = outstanding();
    }
    const expected = promised.filter((verifier) => isExpected(verifier, latest)).length;
    const greatestS = Math.max(0, ...first.verifiers.map(({ maxStalenessMs }) => maxStalenessMs));
    const last = events.at(-1);
    return {
      revoked: revoked ?? { kind: last?.kind ?? 'none', id: last?.key ?? '' },
      committed_at: new Date(last?.occurred_at ?? first.issuerTime).toISOString(),
      published: published(events),
      confirmed: expected - pending.length,
      expected,
      pending: pending.map(nameOf),
      unpromised: unpromised.map(nameOf),
      enforced_by: new Date(Math.ceil(first.issuerTime) + greatestS).toISOString(),
    };
  };

  function published(events: readonly RevocationEvent[]): boolean {
    return events.every(({ id }) => publisher.isPublished(id));
  }

  /** By acknowledging each event, or by having asked for its last grant from beyond them. */
  function hasConfirmed(
    { incarnation }: RegisteredVerifier,
    events: readonly RevocationEvent[],
    latest: RegistrySnapshot,
    positions: ReadonlyMap<EventId, number>,
  ): boolean {
    const now = latest.verifiers.find((verifier) => verifier.incarnation === incarnation);
    return events.every(({ id }) => {
      if (acknowledgements.has(id, incarnation)) return true;
      const position = positions.get(id);
      return position !== undefined && now?.epoch === latest.epoch && now.position >= position;
    });
  }

  /** Resolves true at a confirmation, false when the time is up. */
  async function wakeUp(milliseconds: number): Promise<boolean> {
    return await new Promise((resolve) => {
      const stop = acknowledgements.subscribe(() => finish(true));
      const timer = setTimeout(() => finish(false), milliseconds);
      function finish(woken: boolean): void {
        stop();
        clearTimeout(timer);
        resolve(woken);
      }
    });
  }

  /** Not one that has taken its leave, nor one that this instance has watched run out. */
  function isExpected(verifier: RegisteredVerifier, latest: RegistrySnapshot): boolean {
    return (
      latest.verifiers.some(({ incarnation }) => incarnation === verifier.incarnation) &&
      !watch.hasExpired(verifier.incarnation)
    );
  }

  return {
    collect,
    async again(eventId, waitMs) {
      const event = await log.find(eventId);
      if (event === undefined) throw new Refusal('invalid_token');
      acknowledgements.open(event.id);
      publisher.push([event]);
      return await collect([event], waitMs);
    },
  };
}

function nameOf({ service, incarnation }: RegisteredVerifier) {
  return { service, incarnation };
}

/**
 * Receipts: which of the running verifiers have confirmed, and when the rest must hold.
 *
 * Invariant (SPEC.md A6): the registry is read after the commit. Every verifier that could be fresh without the
 * event had committed its registration before it read the log, so it stands in that reading, and is
 * waited for until it has confirmed this very event, has deregistered, or can no longer be fresh. One
 * reading serves all receipts that were asked for before it began.
 *
 * A receipt comes in time, though a connection to PostgreSQL may hang: no reading is waited for without end, and one
 * that hangs holds up no other for long. Without the first reading there is no receipt.
 */
import type { EventId, Receipt, RevocationEvent } from '@portcullis/contracts';
import { Refusal } from '@portcullis/contracts';
import type { Clock } from '@portcullis/verify';
import type { Acknowledgements } from './acknowledgements.ts';
import { AwaitedVerifiers } from './awaited-verifiers.ts';
import { inTime } from '../timing/in-time.ts';
import { joined } from '../timing/joined.ts';
import type { RevocationLog } from './log.ts';
import type { Publisher } from './publisher.ts';
import type {
  RegisteredVerifier,
  RegistrySnapshot,
  RenewalWatch,
  VerifierRegistry,
} from './registry.ts';

/** How a verb answers for what it has revoked. */
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
/** Longer than PostgreSQL lets a reading take (database/protocol-connection.ts): its connection hangs. Milliseconds. */
const READ_WITHIN_MS = 4_000;
/** After that the next reading begins beside it. Milliseconds. */
const READ_ALONE_MS = 1_000;

export interface ReceiptDependencies {
  log: Pick<RevocationLog, 'find' | 'positionsOf'>;
  registry: Pick<VerifierRegistry, 'list'>;
  watch: RenewalWatch;
  acknowledgements: Acknowledgements;
  publisher: Pick<Publisher, 'isPublished' | 'isInFlight' | 'push'>;
  clock: Pick<Clock, 'monotonic' | 'after'>;
}

export function createReceipts(dependencies: ReceiptDependencies): Receipts {
  const { log, registry, watch, acknowledgements, publisher, clock } = dependencies;
  const patience = { clock, milliseconds: READ_ALONE_MS };
  const readRegistry = joined(() => registry.list(), patience);

  const collect: Receipts['collect'] = async (events, waitMs, revoked) => {
    const ids = events.map(({ id }) => id);
    const deadline = clock.monotonic() + waitMs;
    const first = await inTime(clock, READ_WITHIN_MS, readRegistry());
    if (first === undefined) {
      throw new Refusal('unavailable', { cause: new Error('the registry was not read in time') });
    }
    watch.observe(first.verifiers);
    let lookAgainAt = clock.monotonic() + REGISTRY_POLL_MS;
    const verifiers = new AwaitedVerifiers({ acknowledgements, watch }, events, first);
    let pending = verifiers.outstanding();
    const inFlight = (): boolean => ids.some((id) => publisher.isInFlight(id));
    while ((pending.length > 0 || inFlight()) && clock.monotonic() < deadline) {
      await untilNews(dependencies, ids, Math.min(deadline, lookAgainAt));
      if (clock.monotonic() >= Math.min(deadline, lookAgainAt)) {
        const leftMs = Math.max(deadline - clock.monotonic(), REGISTRY_POLL_MS);
        const seen = await inTime(clock, leftMs, lookAgain(ids));
        if (seen !== undefined) {
          watch.observe(seen.latest.verifiers);
          verifiers.look(seen.latest, seen.positions);
        }
        lookAgainAt = clock.monotonic() + REGISTRY_POLL_MS;
      }
      pending = verifiers.outstanding();
    }
    const expected = verifiers.expected().length;
    return {
      revoked: revoked ?? lastRevoked(events),
      committed_at: new Date(events.at(-1)?.occurred_at ?? first.issuerTime).toISOString(),
      published: events.every(({ id }) => publisher.isPublished(id)),
      confirmed: expected - pending.length,
      expected,
      pending: pending.map(nameOf),
      best_effort: verifiers.bestEffort.map(nameOf),
      enforced_by: enforcedBy(first).toISOString(),
    };
  };

  async function lookAgain(ids: readonly EventId[]) {
    const positions = await log.positionsOf(ids);
    return { positions, latest: await readRegistry() };
  }

  return {
    collect,
    async again(eventId, waitMs) {
      const event = await log.find(eventId);
      if (event === undefined) throw new Refusal('invalid_token', { reason: 'session_revoked' });
      acknowledgements.open(event.id);
      publisher.push([event]);
      return await collect([event], waitMs);
    },
  };
}

/** Resolves at news of one of these events, or when that moment has come. */
async function untilNews(
  { acknowledgements, clock }: Pick<ReceiptDependencies, 'acknowledgements' | 'clock'>,
  ids: readonly EventId[],
  moment: number,
): Promise<void> {
  await new Promise<void>((resolve) => {
    const stop = acknowledgements.subscribe(ids, finish);
    const timer = clock.after(moment - clock.monotonic(), finish);
    function finish(): void {
      stop();
      timer.cancel();
      resolve();
    }
  });
}

function lastRevoked(events: readonly RevocationEvent[]): Receipt['revoked'] {
  const last = events.at(-1);
  return { kind: last?.kind ?? 'none', id: last?.key ?? '' };
}

/** When the revocation holds at the latest, even without confirmations. */
function enforcedBy({ verifiers, issuerTime }: RegistrySnapshot): Date {
  const greatestS = Math.max(0, ...verifiers.map(({ maxStalenessMs }) => maxStalenessMs));
  return new Date(Math.ceil(issuerTime) + greatestS);
}

function nameOf({ service, incarnation }: RegisteredVerifier) {
  return { service, incarnation };
}

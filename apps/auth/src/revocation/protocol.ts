/**
 * One instance's part in the protocol: answers to grants, confirmations, receipts, numbering and
 * publication, and whom it has watched fall silent.
 *
 * All that it knows of the world are ports: log, registry, bus and clock. So what runs here in
 * production is what the simulation runs, over simulated ones.
 */
import type { RevocationEvent } from '@portcullis/contracts';
import type { Clock } from '@portcullis/verify';
import { Acknowledgements } from './acknowledgements.ts';
import type { BusListener, RevocationBus } from './bus.ts';
import { repeat } from '../timing/repeat.ts';
import { Grants, type BeyondHead, type GrantDependencies } from './grants.ts';
import { LatelyAcknowledged } from './lately-acknowledged.ts';
import type { RevocationLog } from './log.ts';
import { Publisher } from './publisher.ts';
import { createReceipts, type Receipts } from './receipts.ts';
import { RenewalWatch, type VerifierRegistry } from './registry.ts';

/** Between two looks at what was left behind. Milliseconds. */
const SWEEP_MS = 1_000;
/** Between two looks at who renews: well under any S. Milliseconds. */
const WATCH_MS = 500;

export interface ProtocolOptions {
  log: RevocationLog;
  registry: VerifierRegistry;
  bus: RevocationBus;
  clock: Clock;
  /** S, in milliseconds. */
  maxStalenessMs: number;
  /** Keys that go with grants; none unless given. What they say rests on their own signatures alone. */
  vouches?(): readonly string[];
  /** What roles carry, as it goes with grants; nothing unless given. */
  access?: GrantDependencies['access'];
  failed(error: unknown, what: string): void;
  /** Called for each question from beyond the head of the log. */
  beyondHead?(found: BeyondHead): void;
}

export interface Protocol extends AsyncDisposable {
  readonly receipts: Receipts;
  /** For questions that come by another way than the bus. */
  readonly listener: BusListener;
  readonly latelyAcknowledged: LatelyAcknowledged;
  /** Whom this instance has watched run out. */
  readonly watch: RenewalWatch;
  /** Called in the turn of the commit. Waits for nothing. */
  committed(events: readonly RevocationEvent[]): void;
}

/** @returns once it listens */
export async function startProtocol(options: ProtocolOptions): Promise<Protocol> {
  const { log, registry, bus, clock, maxStalenessMs, failed } = options;
  const monotonic = (): number => clock.monotonic();
  const acknowledgements = new Acknowledgements(monotonic);
  const latelyAcknowledged = new LatelyAcknowledged();
  const watch = new RenewalWatch(monotonic);
  const publisher = new Publisher({ log, bus, acknowledgements, clock, failed });
  const grants = new Grants({
    log,
    registry,
    clock,
    maxStalenessMs,
    access: options.access,
    failed: (error) => failed(error, 'answering grants'),
    beyondHead: (found) => options.beyondHead?.(found),
  });
  const housekeepingFailed = (error: unknown): void => failed(error, 'housekeeping of revocations');

  const acknowledged: BusListener['acknowledged'] = (confirmed, service) => {
    acknowledgements.record(confirmed, service);
    latelyAcknowledged.add(confirmed.applied, confirmed.incarnation, service);
  };
  const listener: BusListener = {
    async grant(request) {
      acknowledged(request, request.service);
      const reply = await grants.answer(request);
      const keys = options.vouches?.() ?? [];
      return reply.outcome === 'granted' && keys.length > 0 ? { ...reply, keys: [...keys] } : reply;
    },
    acknowledged,
    deregister(leaving, service) {
      registry
        .remove(leaving.incarnation, service)
        .then(() => acknowledgements.notifyAll())
        .catch((error: unknown) => failed(error, 'taking a verifier off the list'));
    },
  };

  async function expireSilentVerifiers(): Promise<void> {
    watch.observe((await registry.list()).verifiers);
    for (const { incarnation, renewals } of watch.expired()) {
      await registry.discount(incarnation, renewals);
    }
  }

  await bus.listen(listener);
  const stop = [
    repeat(clock, SWEEP_MS, async () => await publisher.sweep(), housekeepingFailed),
    repeat(clock, WATCH_MS, expireSilentVerifiers, housekeepingFailed),
  ];

  return {
    receipts: createReceipts({ log, registry, watch, acknowledgements, publisher, clock }),
    listener,
    latelyAcknowledged,
    watch,
    committed: (events) => publisher.committed(events),
    async [Symbol.asyncDispose]() {
      await Promise.all(stop.map(async (end) => await end()));
      await publisher.settle();
    },
  };
}

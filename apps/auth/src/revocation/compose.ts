/** Puts the revocation side of auth together, over ports; and keeps it going. */
import type { VerifierList } from '@portcullis/api';
import type { RevocationEvent } from '@portcullis/contracts';
import type { Database } from '../postgres/database.ts';
import { AccountEventPublisher, type AccountEventOutbox } from './account-events.ts';
import { Acknowledgements } from './acknowledgements.ts';
import type { RevocationBus } from './bus.ts';
import { createMakeChange, type MakeChange } from './change.ts';
import { Grants } from './grants.ts';
import type { RevocationLog } from './log.ts';
import { Publisher } from './publisher.ts';
import { createReceipts, type Receipts } from './receipts.ts';
import { RenewalWatch, type VerifierRegistry } from './registry.ts';

/** Between two looks at what was left behind. Milliseconds. */
const SWEEP_MS = 1_000;
/** Between two looks at who renews: well under any S. Milliseconds. */
const WATCH_MS = 500;
const PRUNE_MS = 60_000;
/** Entries outlive the tokens that they affect by this much. Seconds. */
const ENTRY_MARGIN_S = 15 * 60;

export interface RevocationsOptions {
  database: Database;
  log: RevocationLog;
  registry: VerifierRegistry;
  outbox: AccountEventOutbox;
  bus: RevocationBus;
  /** The greatest life of an access token, in seconds. */
  maxTokenLifeSeconds: number;
  /** S, in milliseconds. */
  maxStalenessMs: number;
  failed(error: unknown, what: string): void;
  /** Told of every revocation after its commit, for the metrics. */
  onCommitted?(event: RevocationEvent): void;
}

export interface Revocations extends AsyncDisposable {
  readonly makeChange: MakeChange;
  readonly receipts: Receipts;
  listVerifiers(): Promise<VerifierList>;
}

export async function createRevocations(options: RevocationsOptions): Promise<Revocations> {
  const { database, log, registry, outbox, bus, maxStalenessMs, failed } = options;
  const monotonic = (): number => performance.now();
  const acknowledgements = new Acknowledgements(monotonic);
  const watch = new RenewalWatch(monotonic);
  const publisher = new Publisher({ log, bus, acknowledgements, failed });
  const accountEvents = new AccountEventPublisher({ outbox, bus, failed });
  const grants = new Grants({
    log,
    registry,
    maxStalenessMs,
    failed: (error) => failed(error, 'answering grants'),
  });

  await bus.listen({
    async grant(request) {
      acknowledgements.record(request);
      return await grants.answer(request);
    },
    acknowledged: (confirmed) => acknowledgements.record(confirmed),
    farewell(leaving, service) {
      registry
        .remove(leaving.incarnation, service)
        .then(() => acknowledgements.notify())
        .catch((error: unknown) => failed(error, 'taking a verifier off the list'));
    },
  });

  const stop = [
    every(SWEEP_MS, async () => {
      await Promise.all([publisher.sweep(), accountEvents.sweep()]);
    }),
    every(WATCH_MS, async () => {
      watch.observe((await registry.list()).verifiers);
      for (const { incarnation, renewals } of watch.expired()) {
        await registry.discount(incarnation, renewals);
      }
    }),
    every(PRUNE_MS, async () => await log.prune()),
  ];

  /** Runs again and again, never twice at once, until told to stop; a failure is told and passes. */
  function every(milliseconds: number, work: () => Promise<void>): () => Promise<void> {
    let running: Promise<void> = Promise.resolve();
    let busy = false;
    const timer = setInterval(() => {
      if (busy) return;
      busy = true;
      running = work()
        .catch((error: unknown) => failed(error, 'housekeeping of revocations'))
        .finally(() => {
          busy = false;
        });
    }, milliseconds);
    return async () => {
      clearInterval(timer);
      await running;
    };
  }

  return {
    makeChange: createMakeChange({
      database,
      entryLifeSeconds: options.maxTokenLifeSeconds + ENTRY_MARGIN_S,
      committed(revocations, announced) {
        publisher.committed(revocations);
        for (const event of revocations) options.onCommitted?.(event);
        if (announced) void accountEvents.sweep();
      },
    }),
    receipts: createReceipts({ log, registry, watch, acknowledgements, publisher, monotonic }),
    async listVerifiers() {
      const { verifiers, head } = await registry.list();
      return {
        verifiers: verifiers.map((verifier) => ({
          service: verifier.service,
          incarnation: verifier.incarnation,
          policy: verifier.policy,
          position: verifier.position,
          behind: Math.max(0, head - verifier.position),
          renewed_ms_ago: verifier.renewedMsAgo,
          max_staleness_ms: verifier.maxStalenessMs,
        })),
      };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(stop.map(async (end) => await end()));
      await publisher.settle();
    },
  };
}

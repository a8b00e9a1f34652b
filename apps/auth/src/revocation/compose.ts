/** Puts the revocation side of auth together, over ports; and keeps it going. */
import type { VerifierList } from '@portcullis/api';
import type { MailId, RevocationEvent } from '@portcullis/contracts';
import { systemClock } from '@portcullis/verify';
import type { Database } from '../database/database.ts';
import {
  createAccessReceipts,
  type AccessReceiptDependencies,
  type AccessReceipts,
} from './access-receipts.ts';
import { AccountEventPublisher, type AccountEventOutbox } from './account-events.ts';
import type { BusListener, RevocationBus } from './bus.ts';
import { createUnitOfWork, type AtOnce, type WithChange } from '../change/unit-of-work.ts';
import { repeat } from '../timing/repeat.ts';
import { TOKEN_MARGIN_SECONDS } from '../timing/lifetimes.ts';
import type { BeyondHead, GrantDependencies } from './grants.ts';
import { listVerifiers, type LogPlaces } from './list-verifiers.ts';
import type { RevocationLog } from './log.ts';
import { startProtocol } from './protocol.ts';
import { createOutdatedServices, type OutdatedServices } from './outdated-services.ts';
import type { Receipts } from './receipts.ts';
import type { VerifierRegistry } from './registry.ts';

/** Between two looks at account events that were left behind. Milliseconds. */
const SWEEP_MS = 1_000;

export interface RevocationsOptions {
  database: Database;
  log: RevocationLog & LogPlaces;
  registry: VerifierRegistry;
  outbox: AccountEventOutbox;
  bus: RevocationBus;
  /** The greatest life of an access token, in seconds. */
  maxTokenLifeSeconds: number;
  /** S, in milliseconds. */
  maxStalenessMs: number;
  /** Keys that go with grants; none unless given. */
  vouches?: () => readonly string[];
  /** What roles carry, as it goes with grants; nothing unless given. */
  access?: GrantDependencies['access'];
  /** The mapping of roles that counts. */
  presentAccess: AccessReceiptDependencies['present'];
  failed(error: unknown, what: string): void;
  /** Called for each question from beyond the head of the log. */
  beyondHead?(found: BeyondHead): void;
  /** Called for every revocation after its commit, for the metrics. */
  onCommitted?(event: RevocationEvent): void;
  /** Called right after the commit with the mails that wait. */
  onMails?(ids: readonly MailId[]): void;
}

export interface Revocations extends AsyncDisposable {
  readonly withChange: WithChange;
  readonly atOnce: AtOnce;
  readonly receipts: Receipts;
  listVerifiers(): Promise<VerifierList>;
  readonly accessReceipts: AccessReceipts;
  readonly outdatedServices: OutdatedServices;
  /** For questions that come by another way than the bus. */
  grant: BusListener['grant'];
}

export async function createRevocations(options: RevocationsOptions): Promise<Revocations> {
  const {
    database,
    log,
    registry,
    outbox,
    bus,
    maxStalenessMs,
    failed,
    vouches = () => [],
  } = options;
  const accountEvents = new AccountEventPublisher({ outbox, bus, failed });
  const protocol = await startProtocol({
    log,
    registry,
    bus,
    clock: systemClock,
    maxStalenessMs,
    vouches,
    access: options.access,
    failed,
    ...(options.beyondHead === undefined ? {} : { beyondHead: options.beyondHead }),
  });
  const stopSweeping = repeat(
    systemClock,
    SWEEP_MS,
    async () => await accountEvents.sweep(),
    (error) => failed(error, 'publishing account events'),
  );

  const { withChange, atOnce } = createUnitOfWork({
    database,
    entryLifeSeconds: options.maxTokenLifeSeconds + TOKEN_MARGIN_SECONDS,
    committed(revocations, announced, mails) {
      protocol.committed(revocations);
      for (const event of revocations) options.onCommitted?.(event);
      if (mails.length > 0) options.onMails?.(mails);
      if (announced) void accountEvents.sweep();
    },
  });

  return {
    withChange,
    atOnce,
    receipts: protocol.receipts,
    grant: protocol.listener.grant,
    accessReceipts: createAccessReceipts({
      registry,
      watch: protocol.watch,
      clock: systemClock,
      present: options.presentAccess,
    }),
    outdatedServices: createOutdatedServices({ registry, clock: systemClock }),
    listVerifiers: async () =>
      await listVerifiers({ registry, log, acknowledged: protocol.latelyAcknowledged }),
    async [Symbol.asyncDispose]() {
      await stopSweeping();
      await protocol[Symbol.asyncDispose]();
    },
  };
}

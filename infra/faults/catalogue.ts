/** All faults, in the order in which they are run. */
import { allCutFromOne } from './cases/all-cut-from-one.ts';
import { authKilledAfterPublish } from './cases/auth-killed-after-publish.ts';
import { authKilledBeforeAnswer } from './cases/auth-killed-before-answer.ts';
import { authKilledBeforeCommit } from './cases/auth-killed-before-commit.ts';
import { authKilledBeforePublish } from './cases/auth-killed-before-publish.ts';
import { authKilledInStatement } from './cases/auth-killed-in-statement.ts';
import { authKilledUnderLoad } from './cases/auth-killed-under-load.ts';
import { authStoppedForRoll } from './cases/auth-stopped-for-roll.ts';
import { busCutFromOne } from './cases/bus-cut-from-one.ts';
import { coldStartAuthDown } from './cases/cold-start-auth-down.ts';
import { coldStartCutOff } from './cases/cold-start-cut-off.ts';
import { coldStartNatsDown } from './cases/cold-start-nats-down.ts';
import { eventLoopBlocked } from './cases/event-loop-blocked.ts';
import { eventsForged } from './cases/events-forged.ts';
import { eventsMalformed } from './cases/events-malformed.ts';
import { eventsRepeated } from './cases/events-repeated.ts';
import { headHeld } from './cases/head-held.ts';
import { instancesPaused } from './cases/instances-paused.ts';
import { keySetUnreachable } from './cases/key-set-unreachable.ts';
import { lateCommit } from './cases/late-commit.ts';
import { migrationUnderLoad } from './cases/migration-under-load.ts';
import { natsKilled } from './cases/nats-killed.ts';
import { natsLoginsRefused } from './cases/nats-logins-refused.ts';
import { natsPaused } from './cases/nats-paused.ts';
import { natsStoreLost } from './cases/nats-store-lost.ts';
import { none } from './cases/none.ts';
import { packetsDropped } from './cases/packets-dropped.ts';
import { pausedWhileNumbering } from './cases/paused-while-numbering.ts';
import { restore } from './cases/restore.ts';
import { streamWithOtherSettings } from './cases/stream-with-other-settings.ts';
import { positionBeyondHead } from './cases/position-beyond-head.ts';
import { postgresLockedOut } from './cases/postgres-locked-out.ts';
import { postgresReadOnly } from './cases/postgres-read-only.ts';
import { streamsPurged } from './cases/streams-purged.ts';
import { subscriptionsDenied } from './cases/subscriptions-denied.ts';
import { unnumberedBeyondAPage } from './cases/unnumbered-beyond-a-page.ts';
import { verifierPaused } from './cases/verifier-paused.ts';
import type { Fault } from './fault.ts';

export const FAULTS: readonly Fault[] = [
  none,
  lateCommit,
  headHeld,
  unnumberedBeyondAPage,
  positionBeyondHead,
  pausedWhileNumbering,
  instancesPaused,
  verifierPaused,
  eventLoopBlocked,
  eventsRepeated,
  eventsMalformed,
  eventsForged,
  authKilledBeforeCommit,
  authKilledInStatement,
  authKilledBeforePublish,
  authKilledAfterPublish,
  authKilledBeforeAnswer,
  authKilledUnderLoad,
  authStoppedForRoll,
  postgresReadOnly,
  postgresLockedOut,
  migrationUnderLoad,
  coldStartAuthDown,
  coldStartNatsDown,
  coldStartCutOff,
  busCutFromOne,
  packetsDropped,
  allCutFromOne,
  keySetUnreachable,
  streamsPurged,
  natsStoreLost,
  natsKilled,
  natsPaused,
  natsLoginsRefused,
  subscriptionsDenied,
  streamWithOtherSettings,
  restore,
];

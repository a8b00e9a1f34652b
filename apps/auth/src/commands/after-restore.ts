import { setTimeout as sleep } from 'node:timers/promises';
import { reasonOfPeer } from '@portcullis/api';
import { ConfigurationError } from '@portcullis/service';
import { readAfterRestoreConfig } from '../config/commands.ts';
import { createSeal, SealError } from '../keys/seal.ts';
import { keptEvents } from '../nats/read-events.ts';
import { afterRestore } from '../restore/after-restore.ts';
import { RestoreRefused } from '../restore/refused.ts';
import { restoreReport } from '../restore/report.ts';
import { changeOffline } from './change-offline.ts';
import { CommandFailed, runCommand } from './run-command.ts';

/** Covers clocks that run at slightly different rates. Milliseconds. */
const MARGIN_MS = 500;

await runCommand('after-restore', async () => {
  const config = readAfterRestoreConfig(process.argv.slice(2));
  const { databaseUrl, keyEncryptionKey, otherKeyEncryptionKey, algorithm, flags } = config;
  const keyFactory = { seal: createSeal(keyEncryptionKey, otherKeyEncryptionKey), algorithm };
  const dryRun = flags.has('dry-run');
  const apply = flags.has('apply');
  const kept = await keptEvents(config.natsUrl, config.prefix).catch((error: unknown) => {
    if (!apply) return null;
    const why = reasonOfPeer(error);
    throw new CommandFailed(
      `NATS does not answer${why === undefined ? '' : ` (${why})`}, so that nothing can be repeated, and nothing was changed. ` +
        'Start NATS, or run this without --apply.',
      { cause: error },
    );
  });
  const restored = await changeOffline(databaseUrl, (database, withChange) =>
    afterRestore({
      database,
      withChange,
      keyFactory,
      kept,
      apply,
      dryRun,
      requireVerifiedEmail: config.requireVerifiedEmail,
    }),
  ).catch((error: unknown) => {
    if (error instanceof SealError) throw new ConfigurationError([error.message]);
    if (error instanceof RestoreRefused) throw new CommandFailed(error.message, { cause: error });
    throw error;
  });
  // A verifier may be fresh by the last answer of the former primary, and is not registered here: no
  // receipt would wait for it. Nothing answers while this waits.
  const staleness = Math.max(restored.maxStalenessMs, config.maxStalenessMs);
  if (!dryRun) await sleep(staleness + MARGIN_MS);
  return restoreReport(restored, { kept, apply, dryRun });
});

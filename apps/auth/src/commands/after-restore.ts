import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigurationError } from '@portcullis/service';
import { readAfterRestoreConfig } from '../config.ts';
import { createSeal, SealError } from '../keys/seal.ts';
import { afterRestore, type Restored } from '../restore/after-restore.ts';
import { RestoreRefused } from '../restore/refused.ts';
import { restoreReport } from '../restore/report.ts';
import { changeOffline } from './change-offline.ts';
import { CommandFailed, runCommand } from './run-command.ts';

/** Covers clocks that run at slightly different rates. Milliseconds. */
const MARGIN_MS = 500;

await runCommand('after-restore', async () => {
  const config = readAfterRestoreConfig(process.argv.slice(2));
  const { databaseUrl, keyEncryptionKey, otherKeyEncryptionKey, algorithm, flags } = config;
  const seal = createSeal(keyEncryptionKey, otherKeyEncryptionKey);
  const dryRun = flags.has('dry-run');
  const restored = await changeOffline(databaseUrl, (database, makeChange) =>
    afterRestore({ database, makeChange, making: { seal, algorithm }, dryRun }),
  ).catch((error: unknown) => {
    if (error instanceof SealError) throw new ConfigurationError([error.message]);
    if (error instanceof RestoreRefused) throw new CommandFailed(error.message, { cause: error });
    throw error;
  });
  if (!dryRun) await letFreshnessPass(restored, config.maxStalenessMs);
  return restoreReport(restored, dryRun);
});

/**
 * A verifier may be fresh by the last answer of the former primary, and is not registered here: no
 * receipt would wait for it. Nothing answers while this waits.
 */
async function letFreshnessPass(restored: Restored, configured: number): Promise<void> {
  await sleep(Math.max(restored.maxStalenessMs, configured) + MARGIN_MS);
}

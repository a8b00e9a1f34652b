import { ConfigurationError } from '@portcullis/service';
import { systemClock } from '@portcullis/verify';
import { installAccess, OtherAccess } from '../access/install-access.ts';
import { countingAccess } from '../access/present-access.ts';
import { readApplyConfigConfig } from '../config/commands.ts';
import { connectProtocol } from '../database/protocol-connection.ts';
import { createAccessReceipts } from '../revocation/access-receipts.ts';
import { postgresVerifierRegistry } from '../revocation/postgres-verifier-registry.ts';
import { RenewalWatch } from '../revocation/registry.ts';
import { changeOffline } from './change-offline.ts';
import { CommandFailed, runCommand } from './run-command.ts';

/** Milliseconds: so long that a verifier which was killed can be seen to have run out. */
const WAIT_MS = 15_000;

await runCommand('apply-config', async () => {
  const { databaseUrl, access, source } = readApplyConfigConfig(process.argv.slice(2));
  return await changeOffline(databaseUrl, async (database, withChange) => {
    const outcome = await installAccess(database, withChange, access).catch((error: unknown) => {
      if (!(error instanceof OtherAccess)) throw error;
      throw new ConfigurationError([`${source}: number: ${error.message}`]);
    });
    if (outcome === 'lower') {
      const { number } = await countingAccess(database)();
      throw new CommandFailed(
        `${source}: number: is ${access.number}, and ${number} counts: raise it`,
      );
    }
    await using protocol = connectProtocol(databaseUrl, 'portcullis-auth-command');
    const collect = createAccessReceipts({
      registry: postgresVerifierRegistry(protocol.sql),
      watch: new RenewalWatch(systemClock.monotonic),
      clock: systemClock,
      present: countingAccess(database),
    });
    const receipt = await collect(WAIT_MS);
    const text = JSON.stringify(receipt);
    if (receipt.pending.length > 0) throw new CommandFailed(`not enforced everywhere yet: ${text}`);
    return text;
  });
});

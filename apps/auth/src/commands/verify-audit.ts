import { verifyAudit } from '../audit/verify-audit.ts';
import { readVerifyAuditConfig } from '../config/commands.ts';
import { CommandFailed, runCommand } from './run-command.ts';

await runCommand('verify-audit', async () => {
  const {
    head,
    compared,
    restores,
    addressesRemoved: omitAddress,
    problems,
  } = await verifyAudit(readVerifyAuditConfig());
  if (problems.length > 0) {
    throw new CommandFailed(
      ['The audit trail does not hold:', ...problems, ...restores].join('\n  '),
    );
  }
  return (
    `${head.position} rows hold, to ${head.hash}; ${compared} published heads agree; ` +
    [`the addresses of ${omitAddress} were taken out`, ...restores].join('; ')
  );
});

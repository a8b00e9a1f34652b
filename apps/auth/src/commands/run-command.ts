import { reasonOfFault } from '@portcullis/api';
import { ConfigurationError } from '@portcullis/service';
import { MigrationFailed } from '@portcullis/service/postgres';

/** A failure of a command that its operator has to read. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
}

/** Runs a command: what it returns is printed, and what a user can mend is said without a stack. */
export async function runCommand(name: string, work: () => Promise<string>): Promise<void> {
  try {
    process.stdout.write(`${name}: ${await work()}\n`);
  } catch (error) {
    process.exitCode = 1;
    const message = messageOf(error);
    if (message === undefined) throw error;
    process.stderr.write(`${name}: ${message}\n`);
  }
}

function messageOf(error: unknown): string | undefined {
  const known =
    error instanceof ConfigurationError ||
    error instanceof CommandFailed ||
    error instanceof MigrationFailed;
  if (known) return error.message;
  const reason = reasonOfFault(error);
  return reason === undefined ? undefined : `postgres unavailable: ${reason}`;
}

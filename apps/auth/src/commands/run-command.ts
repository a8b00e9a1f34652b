import { ConfigurationError } from '@portcullis/service';

/** What a command has found out and a person has to be told. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
}

/** Runs a command: what it returns is printed, and what a person can mend is said without a stack. */
export async function runCommand(name: string, work: () => Promise<string>): Promise<void> {
  try {
    process.stdout.write(`${name}: ${await work()}\n`);
  } catch (error) {
    process.exitCode = 1;
    if (error instanceof ConfigurationError || error instanceof CommandFailed) {
      process.stderr.write(`${name}: ${error.message}\n`);
    } else throw error;
  }
}

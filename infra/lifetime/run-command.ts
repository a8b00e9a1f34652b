import { ROOT } from '../paths.ts';
import { StepFailure, StepStopped } from '../steps.ts';
import { stage, type ProcessSpec, type Supervisor } from './supervisor.ts';
import { sizeOf, tail } from './tail.ts';

export type CommandSpec = Pick<ProcessSpec, 'name' | 'argv' | 'output'> &
  Partial<Pick<ProcessSpec, 'env' | 'cwd' | 'user' | 'graceMs' | 'signal'>>;

/** Many tools take CI=true for a terminal with colours; a log wants none. */
const plainUnlessWatched: NodeJS.ProcessEnv =
  process.stdout.isTTY || process.env['FORCE_COLOR'] !== undefined ? {} : { NO_COLOR: '1' };

/** Runs a command to its end. @returns its exit status */
export async function runCommand(supervisor: Supervisor, spec: CommandSpec): Promise<number> {
  const running = await supervisor.start({
    cwd: ROOT,
    graceMs: 5_000,
    ...spec,
    env: { ...(spec.env ?? process.env), ...plainUnlessWatched },
    stage: stage.command,
    wholeTree: true,
  });
  return running.exited;
}

/**
 * The same for a command that has to succeed; its output goes to a log, shown if it fails.
 *
 * @throws {StepFailure} when it fails
 * @throws {StepStopped} when it was ended because everything is
 */
export async function mustRun(
  supervisor: Supervisor,
  spec: CommandSpec & { output: { file: string }; fix?: string },
): Promise<void> {
  const before = sizeOf(spec.output.file);
  const status = await runCommand(supervisor, spec);
  if (status === 0) return;
  if (supervisor.stopping) throw new StepStopped(`${spec.name} was stopped`);
  throw new StepFailure(
    `${tail(spec.output.file, 30, before)}\n\n${spec.name} failed with exit status ${status}.`,
    { fix: spec.fix },
  );
}

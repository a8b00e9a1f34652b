/**
 * Runs a program of others to its end, without blocking the process of the tests.
 *
 * Many are a small script around the program proper, which keeps the pipes open when the script alone
 * is ended: waiting synchronously with a time limit then waits for ever. Here all of it is one group.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

export interface ProgramResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * @param limitMs milliseconds after which the program and all that it started are killed
 * @throws Error when it has not ended by then
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  { limitMs, ...options }: { limitMs: number; cwd: string; env?: NodeJS.ProcessEnv },
): Promise<ProgramResult> {
  const child = spawn(program, args, {
    ...options,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const limit = setTimeout(() => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  }, limitMs);
  try {
    const [stdout, stderr, [status]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit'),
    ]);
    if (typeof status === 'number') return { status, stdout, stderr };
    throw new Error(
      `${[program, ...args].join(' ')} was killed after ${limitMs} ms\n${stdout}${stderr}`,
    );
  } finally {
    clearTimeout(limit);
  }
}

/** One line for each step, with its time; plain text unless a user is watching. */
const colour = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
const paint = (code: number, text: string): string =>
  colour ? `\u001B[${code}m${text}\u001B[0m` : text;

export const bold = (text: string): string => paint(1, text);
export const red = (text: string): string => paint(31, text);
export const green = (text: string): string => paint(32, text);

/** A failure that the user at the terminal can do something about: printed without a stack. */
export class StepFailure extends Error {
  override name = 'StepFailure';
  readonly fix: string | undefined;
  constructor(message: string, options: { fix?: string | undefined; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.fix = options.fix;
  }
}

/** A step that was ended because everything was: no failure, and not printed as one. */
export class StepStopped extends Error {
  override name = 'StepStopped';
}

let isStopping = false;

/** From here on a step that does not come to its end was stopped, and has not failed. */
export function noteStopping(): void {
  isStopping = true;
}

/** Runs one step and prints its line; `work` returns the detail at the end of the line. */
export async function step<T>(
  name: string,
  work: () => Promise<T>,
  detail: (result: T) => string = () => '',
): Promise<T> {
  const started = performance.now();
  try {
    const result = await work();
    line(name, performance.now() - started, detail(result));
    return result;
  } catch (error) {
    const wasStopped = isStopping && !(error instanceof StepFailure);
    line(name, performance.now() - started, wasStopped ? 'stopped' : red('failed'));
    throw error;
  }
}

export function line(name: string, milliseconds: number, detail: string): void {
  const seconds = (milliseconds / 1000).toFixed(1).padStart(6);
  console.log(`  ${name.padEnd(14)} ${seconds} s  ${detail}`.trimEnd());
}

export function note(text: string): void {
  console.log(`  ${text}`);
}

/** Says what went wrong, and the one line that would fix it where there is one. */
export function printFailure(error: unknown): void {
  console.error();
  if (error instanceof StepFailure) {
    console.error(red(error.message));
    if (error.fix !== undefined) console.error(`Fix: ${error.fix}`);
    return;
  }
  console.error(error);
}

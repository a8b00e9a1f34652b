/**
 * The life of a service's process: start, serve until a signal, drain, dispose.
 *
 * A resource that is made while the signal comes is given back as well, because `start` enters each
 * into `owned` before it makes the next.
 */
import { ConfigurationError } from '../config/read-config.ts';
import { describeError, type Logger } from '../logger.ts';
import { Disposal } from './disposal.ts';

/** For giving everything back after the drain, in milliseconds. */
const DISPOSAL_BOUND_MS = 10_000;

export interface Running {
  logger: Logger;
  /**
   * Stops taking work and finishes what has begun, within a bound of its own.
   *
   * @param how `atOnce`: without waiting until others send their work elsewhere
   */
  drain(how?: { atOnce: boolean }): Promise<void>;
}

type Ending = { reason: string; failure?: unknown };

/**
 * @param start makes the service; everything that has to be given back goes into `owned`
 * @returns the exit status, for `main.ts` to end the process with
 */
export async function serveUntilSignal(
  name: string,
  start: (owned: Disposal) => Promise<Running>,
): Promise<number> {
  const owned = new Disposal();
  const ending = waitForEnding();
  let running: Running | undefined;
  try {
    const starting = start(owned);
    const first = await Promise.race([starting, ending.reached]);
    if ('drain' in first) running = first;
    else starting.catch(() => undefined);
    const end =
      running === undefined ? await ending.reached : await ending.reached.then(log(running));
    if (running !== undefined) await running.drain({ atOnce: end.failure !== undefined });
    if (end.failure !== undefined) complain(name, running, end.failure);
    return end.failure === undefined ? 0 : 1;
  } catch (error) {
    complain(name, running, error);
    return 1;
  } finally {
    await disposeWithin(DISPOSAL_BOUND_MS, owned).catch((error: unknown) => {
      complain(name, running, error);
    });
    ending.stop();
  }
}

function log(running: Running) {
  return (end: Ending): Ending => {
    running.logger.info({ reason: end.reason }, 'stopping');
    return end;
  };
}

function waitForEnding() {
  let resolve: (end: Ending) => void = () => undefined;
  const promise = new Promise<Ending>((settle) => {
    resolve = settle;
  });
  const onSignal = (signal: NodeJS.Signals) => resolve({ reason: signal });
  // A defect that was not caught leaves the process in an unknown state: it is restarted.
  const onDefect = (failure: unknown) => resolve({ reason: 'uncaught error', failure });
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('uncaughtException', onDefect);
  process.on('unhandledRejection', onDefect);
  const stop = () => {
    process.off('SIGTERM', onSignal);
    process.off('SIGINT', onSignal);
    process.off('uncaughtException', onDefect);
    process.off('unhandledRejection', onDefect);
  };
  return { reached: promise, stop };
}

async function disposeWithin(bound: number, owned: Disposal): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`resources not given back in ${bound} ms`)), bound);
  });
  try {
    await Promise.race([owned[Symbol.asyncDispose](), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Configuration errors are for an operator to read; everything else is for the log. */
function complain(name: string, running: Running | undefined, error: unknown): void {
  if (error instanceof ConfigurationError) {
    process.stderr.write(`${name}: ${error.message}\n`);
  } else if (running !== undefined) {
    running.logger.fatal({ err: error }, 'failed');
  } else {
    const line = {
      level: 'fatal',
      service: name,
      msg: 'failed to start',
      err: describeError(error),
    };
    process.stderr.write(`${JSON.stringify(line)}\n`);
  }
}

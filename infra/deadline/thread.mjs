/** Ends the process that started this thread, unless that ends before the time is over. */
import { writeSync } from 'node:fs';
import { Session } from 'node:inspector';
import { setTimeout as passed } from 'node:timers/promises';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';

/** @typedef {{ file: string, afterMs: number }} Deadline */

/** The main thread answers an inspector in the midst of a loop, too, but not out of a system call. */
const ANSWER_MS = 2_000;

/** @type {Deadline} */
const { file, afterMs } = workerData;

/** The last of what the main thread has said it was doing. */
function lastSaid() {
  let last = 'nothing';
  for (;;) {
    const received = parentPort ? receiveMessageOnPort(parentPort) : undefined;
    if (received === undefined) return last;
    last = String(received.message);
  }
}

/** @returns {Promise<string>} where the main thread is, as lines of a stack */
async function whereItStands() {
  const session = new Session();
  session.connectToMainThread();
  /** @type {Promise<string>} */
  const stack = new Promise((resolve) => {
    session.on('Debugger.paused', ({ params }) => {
      resolve(
        params.callFrames
          .map(
            ({ functionName, url, location }) =>
              `    at ${functionName || '(anonymous)'} (${url}:${location.lineNumber + 1})`,
          )
          .join('\n'),
      );
    });
  });
  session.post('Debugger.enable');
  session.post('Debugger.pause');
  return await Promise.race([
    stack,
    passed(ANSWER_MS, '    in no JavaScript: it waits for events, or in a system call'),
  ]);
}

await passed(afterMs);
const last = lastSaid();
// Past the main thread, through which this thread's own output would go.
writeSync(
  2,
  `\n${file} is not done after ${afterMs / 60_000} minutes and is ended. Last it began: ${last}\n` +
    `${await whereItStands()}\n`,
);
process.kill(process.pid, 'SIGKILL');

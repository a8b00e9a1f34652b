/** Has the garbage collector run again and again while something is waited for: what only a weak reference holds goes. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const EVERY_MS = 50;

export async function collectingGarbage<T>(work: () => Promise<T>): Promise<T> {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect !== 'function') throw new Error('the garbage collector cannot be called');
  const timer = setInterval(() => collect(), EVERY_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

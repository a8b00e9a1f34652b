/** What is in use of the heap, and of memory beside it, when all that can go has gone. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect: unknown = runInNewContext('gc');

/** Bytes. */
export function measureHeap(): number {
  if (typeof collect !== 'function') throw new Error('the garbage collector cannot be called');
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

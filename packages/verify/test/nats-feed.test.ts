/** A connection that never comes is its owner's to know; the verifier goes on without it. */
import { newId } from '@portcullis/contracts';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { natsFeed } from '../src/nats/index.ts';

it('outlives a connection that fails', async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', note);
  try {
    const connection = Promise.reject(new Error('connection refused'));
    const feed = natsFeed({ connection });
    const nothing = () => undefined;
    await feed.open({ revocation: nothing, numbered: nothing, restored: nothing }, 'test');
    await turn();
    await turn();
    expect(unhandled).toEqual([]);
    await feed.farewell({ version: 1, incarnation: newId('inc') });
    await feed.close();
  } finally {
    process.off('unhandledRejection', note);
  }
});

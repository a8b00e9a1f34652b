/** A connection that never comes is its owner's to know; the verifier goes on without it. */
import { newId, type GrantRequest } from '@portcullis/contracts';
import { startPrivateNats } from '@portcullis/testbed';
import { connect } from '@nats-io/transport-node';
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { natsFeed } from '../src/feeds/nats/index.ts';
import type { RevocationFeed } from '../src/revocation/feed.ts';

let feed: RevocationFeed | undefined;

function question(): GrantRequest {
  return {
    version: 1,
    service: 'test',
    incarnation: newId('inc'),
    nonce: 'n'.repeat(16),
    policy: 'reject',
    epoch: null,
    position: 0,
    applied: [],
  };
}

it('outlives a connection that fails', async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', note);
  try {
    const connection = Promise.reject(new Error('connection refused'));
    feed = natsFeed({ connection });
    const nothing = () => undefined;
    await feed.open({ revocation: nothing, numbered: nothing, restored: nothing }, 'test');
    await turn();
    await turn();
    expect(unhandled).toEqual([]);
    await feed.deregister({ version: 1, incarnation: newId('inc') });
    await feed.close();
  } finally {
    process.off('unhandledRejection', note);
  }
});

it('reports a connection that has closed permanently, and says so to who asks by it', async () => {
  const nats = await startPrivateNats();
  try {
    const connection = await connect({ servers: new URL(nats.url).host });
    const closed = new Promise<Error | undefined>((resolve) => {
      feed = natsFeed({ connection, onClosed: resolve });
    });
    const nothing = () => undefined;
    await feed?.open({ revocation: nothing, numbered: nothing, restored: nothing }, 'test');
    await connection.close();
    expect(await closed).toBeUndefined();
    await expect(feed?.request(question(), 1_000)).rejects.toThrow('closed permanently');
  } finally {
    await nats[Symbol.asyncDispose]();
  }
});

it('warns of a connection that NATS has refused twice, where there is no listener', async () => {
  const pass = { VERIFIER_PASSWORD: '"right"' };
  const nats = await startPrivateNats({
    configuration: `listen: $NATS_LISTEN
authorization { users: [
  { user: launcher, password: "launcher" }
  { user: verifier, password: $VERIFIER_PASSWORD }
] }`,
    env: pass,
    user: 'launcher',
    pass: 'launcher',
  });
  const warned = once(process, 'warning');
  try {
    const servers = new URL(nats.url).host;
    const options = { servers, user: 'verifier', pass: 'right', reconnectTimeWait: 100 };
    const connection = await connect(options);
    const nothing = () => undefined;
    feed = natsFeed({ connection });
    await feed.open({ revocation: nothing, numbered: nothing, restored: nothing }, 'test');
    pass.VERIFIER_PASSWORD = '"wrong"';
    await nats.restart();
    const [warning] = await warned;
    expect(String(warning)).toMatch(/closed permanently.*connectionOptions/);
  } finally {
    await nats[Symbol.asyncDispose]();
  }
});

it('names a link that is down as the reason why no grant comes', async () => {
  const nats = await startPrivateNats();
  const connection = await connect({ servers: new URL(nats.url).host });
  const nothing = () => undefined;
  feed = natsFeed({ connection });
  await feed.open({ revocation: nothing, numbered: nothing, restored: nothing }, 'test');
  expect(feed.problems?.()).toEqual([]);
  await nats[Symbol.asyncDispose]();
  await vi.waitFor(() => expect(feed?.problems?.()).toEqual([expect.stringContaining('link')]), {
    timeout: 10_000,
  });
  await feed.close();
  await connection.close();
});

/** The client of an example, and how fast a socket is closed when its session ends. */
import { deepEqual, match, ok } from 'node:assert/strict';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { RunningExample } from './running-example.ts';
import { untilAccepted } from './protects-route.ts';
import { logIn, logOut, register } from '../test/e2e/calls.ts';

const ROUNDS = 20;
const LIMITS_MS = { median: 50, most: 250 } as const;
const FINAL = 4401;

/**
 * Runs `npm run client`, which logs in, calls, logs out, and says what came of it.
 *
 * @throws AssertionError where it has not written one of these lines
 */
export async function clientPrints(
  example: RunningExample,
  lines: readonly RegExp[],
): Promise<string> {
  const written = await example.run('client');
  for (const line of lines) match(written, line);
  return 'its client says what it should';
}

/** @throws AssertionError where a socket outlives its session, or comes back */
export async function cutsAtLogout(example: RunningExample): Promise<string> {
  const { authUrl, port } = example;
  const account = await register(authUrl);
  const url = `ws://127.0.0.1:${port}`;
  const lateBy: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const { access_token: token } = await logIn(authUrl, account);
    const headers = { authorization: `Bearer ${token}` };
    await untilAccepted(example, async () => await answered(url, headers));
    const socket = new WebSocket(url, { headers });
    let closedAt = Number.POSITIVE_INFINITY;
    const closed = once(socket, 'close').then(([code]: unknown[]) => {
      closedAt = performance.now();
      return code;
    });
    await once(socket, 'open');
    await logOut(authUrl, token);
    const receiptAt = performance.now();
    deepEqual([await closed, await codeOf(new WebSocket(url, { headers }))], [FINAL, FINAL]);
    lateBy.push(Math.max(0, closedAt - receiptAt));
  }
  const sorted = lateBy.toSorted((a, b) => a - b);
  const [median = NaN, most = NaN] = [sorted[ROUNDS / 2], sorted.at(-1)];
  const said = `closed ${median.toFixed(1)} ms after the receipt (median of ${ROUNDS}; ${most.toFixed(1)} at most)`;
  ok(median <= LIMITS_MS.median && most <= LIMITS_MS.most, said);
  return `${said}, and does not come back`;
}

/** 200 once a message of a socket comes back to it, 0 where none does. */
async function answered(url: string, headers: Record<string, string>): Promise<number> {
  const socket = new WebSocket(url, { headers });
  try {
    return await new Promise((resolve) => {
      for (const end of ['close', 'error'] as const) socket.once(end, () => resolve(0));
      socket.once('open', () => socket.send('hello'));
      socket.once('message', () => resolve(200));
    });
  } finally {
    socket.close();
  }
}

async function codeOf(socket: WebSocket): Promise<unknown> {
  const [code]: unknown[] = await once(socket, 'close');
  return code;
}

/** What an example is there to show: a route that takes a token, and does not once its session has ended. */
import { equal, match } from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningExample } from './running-example.ts';
import { get, logIn, logOut, register, statusOf } from '../test/e2e/calls.ts';

const START_MS = 30_000;

/**
 * @returns what was seen
 * @throws AssertionError for what is answered otherwise
 */
export async function protectsRoute(example: RunningExample, path: string): Promise<string> {
  const { authUrl, port } = example;
  const url = `http://127.0.0.1:${port}${path}`;
  const { access_token: token } = await logIn(authUrl, await register(authUrl));
  await untilAccepted(example, async () => await statusOf(get(url, token)));

  const without = await fetch(url);
  equal(without.status, 401, 'without a token');
  match(without.headers.get('www-authenticate') ?? '', /^Bearer/);
  await without.body?.cancel();

  const receipt = await logOut(authUrl, token);
  equal(receipt.confirmed, receipt.expected, `not confirmed: ${JSON.stringify(receipt.pending)}`);
  const after = await get(url, token);
  equal(after.status, 401, 'after the logout');
  match(await after.text(), /"invalid_token"/);
  return 'accepted; refused without a token and after the logout';
}

/** Waits for an example to have started, and for its first grant. */
export async function untilAccepted(
  example: RunningExample,
  ask: () => Promise<number>,
): Promise<void> {
  let status = 0;
  for (const deadline = performance.now() + START_MS; performance.now() < deadline;) {
    status = await ask().catch(() => 0);
    if (status === 200) return;
    await sleep(50);
  }
  throw new Error(`a good token was answered with ${status}:\n${example.log}`);
}

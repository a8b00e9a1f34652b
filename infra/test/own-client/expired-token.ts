/** What two tabs of one session do with an access token that has expired: 100 calls, of which the first needs another one. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import type { Front, Passed } from '../../browser/front.ts';

export interface ExpiredToken {
  front: Front;
  /** Of an access token. */
  lifeSeconds: number;
  /** The tab that calls first; the other one does once a renewal is under way. */
  ahead: Page;
  behind: Page;
  /** Makes so many calls at once, and has what each of them brought. */
  calls(page: Page, count: number): Promise<string[]>;
  random(): number;
}

export interface OverExpiredToken {
  brought: string[];
  /** What was asked of auth, but for questions that it has answered with a nonce alone: those renew nothing. */
  renewals: Passed[];
  nonces: Passed[];
  /** As many renewals as there may be: on a machine that is busy the calls may take longer than a token lives. */
  most: number;
}

/** The answer of a renewal is held back for up to 150 ms, in which the other tab finds the token that has expired. */
export async function hundredCalls(between: ExpiredToken): Promise<OverExpiredToken> {
  const { front, lifeSeconds, ahead, behind, calls, random } = between;
  front.passed.length = 0;
  let underWay = (): void => {};
  const reached = new Promise<void>((resolve) => (underWay = resolve));
  front.holdBack = async (target) => {
    if (!target.endsWith('/refresh')) return;
    underWay();
    await sleep(random() * 150);
  };
  const beganAt = performance.now();
  const first = calls(ahead, 50);
  await Promise.race([reached, first]);
  const brought = (await Promise.all([first, calls(behind, 50)])).flat();
  const lives = Math.floor((performance.now() - beganAt) / (lifeSeconds * 900));
  const asked = front.to('refresh');
  return {
    brought,
    renewals: asked.filter(({ error }) => error !== 'use_dpop_nonce'),
    nonces: asked.filter(({ error }) => error === 'use_dpop_nonce'),
    most: 1 + lives,
  };
}

import type { Fault, Scene } from '../fault.ts';
import { tell, type Change, type Issue } from '../history/operation.ts';
import { RESTART_MS } from '../lengths.ts';
import { DRAIN_DELAY_MS, untilReady, type Instance } from '../stage/stage.ts';
import type { Door } from '../traffic/actor.ts';
import { setTimeout as sleep } from 'node:timers/promises';

const ROLLS = 4;
const AT_ONCE = 4;
/** How often a balancer looks. */
const PROBE_MS = 200;
/** Calls by the balancer that are enough to say something. */
const ENOUGH = 50;

export const authStoppedForRoll: Fault = {
  name: 'auth-stopped-for-roll',
  about:
    'instances of auth are stopped by SIGTERM and replaced, behind a balancer that asks /readyz',
  takes: () => ROLLS * (DRAIN_DELAY_MS + RESTART_MS + 1_500),
  async run(scene) {
    const { stage, history, expect } = scene;
    const before: Door = { name: 'balancer', service: { url: stage.issuer } };
    const rolled = { over: false };
    const calls = Array.from({ length: AT_ONCE }, () => callThrough(scene, before, rolled));
    for (let roll = 0; roll < ROLLS; roll += 1) {
      const victim = stage.instances[roll % 2];
      if (victim !== undefined) await replace(scene, victim);
    }
    rolled.over = true;
    await Promise.all(calls);
    const byBalancer = [...history.issues, ...history.changes].filter(
      ({ at }) => at === before.name,
    );
    expect(`${ENOUGH} calls went through the balancer`, byBalancer.length >= ENOUGH);
    const failed = byBalancer.filter(({ outcome }) => outcome !== 'ok');
    for (const one of failed) history.found.push(`failed behind the balancer: ${tell(one)}`);
    // Who calls an instance itself is refused a connection, and never cut off from an answer.
    for (const one of [...history.issues, ...history.changes]) {
      if (isCutOff(one)) history.found.push(`cut off: ${tell(one)}`);
    }
  },
};

/** As an orchestrator does it: SIGTERM, the balancer sees `/readyz`, the process ends, another comes. */
export async function replace({ stage, history, expect }: Scene, victim: Instance): Promise<void> {
  const { service, name } = victim;
  await sleep(500);
  history.mark(`${name}: SIGTERM`);
  service.kill('SIGTERM');
  let seen = await probe(service.url);
  while (seen === 200) {
    await sleep(PROBE_MS);
    seen = await probe(service.url);
  }
  stage.balancer.remove(service.port);
  history.mark(`${name}: out of the balancer`);
  expect(`${name} said that it stops before it refused connections`, seen === 503);
  expect(`${name} ended with 0`, (await service.process.exited) === 0);
  await service.restart();
  await untilReady(service);
  stage.balancer.add(service.port);
}

/** @returns the status of its `/readyz`; 0 for no answer */
async function probe(url: string): Promise<number> {
  try {
    const answer = await fetch(`${url}/readyz`, { headers: { connection: 'close' } });
    await answer.body?.cancel();
    return answer.status;
  } catch {
    return 0;
  }
}

/** Logs in, refreshes and logs out, one after the other. */
async function callThrough(scene: Scene, before: Door, rolled: { over: boolean }): Promise<void> {
  const { actor, traffic, random } = scene;
  while (!rolled.over) {
    // What failed stands in the history.
    const session = await traffic.newSession(before).catch(() => undefined);
    if (session === undefined) {
      await sleep(PROBE_MS);
      continue;
    }
    const renewed = await actor.refresh(before, session);
    traffic.ended(session.token);
    await actor.logOut(before, renewed?.token ?? session.token, 0);
    await sleep(random.between(0, 60));
  }
}

function isCutOff({ outcome, status, detail }: Issue | Change): boolean {
  return outcome === 'unknown' && status === 0 && !detail.includes('ECONNREFUSED');
}

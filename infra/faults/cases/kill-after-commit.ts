import type { Scene } from '../fault.ts';
import type { Token } from '../history/token.ts';
import type { Instance } from '../stage/stage.ts';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Logs out and kills the instance as soon as the logout is seen to have committed. What it had on
 * its way to NATS and PostgreSQL is lost with it.
 *
 * @param between done after the commit was seen, before the kill
 */
export async function killAfterCommit(
  scene: Scene,
  victim: Instance,
  token: Token,
  between: (eventId: string) => Promise<unknown> = async () => {},
): Promise<void> {
  const { stage, endUnder, expect, maxStalenessMs } = scene;
  const answer = endUnder(victim, token, 8_000);
  const row = await stage.log.find(({ key }) => key === token.sid, 6_000);
  expect('the logout committed', row !== undefined);
  if (row !== undefined) await between(row.id);
  victim.service.kill('SIGKILL');
  await victim.service.process.exited;
  for (const way of [victim.nats, victim.postgres]) {
    way.reset();
    way.resume();
    way.delay(0);
  }
  await stage.log.look();
  const after = stage.log.rows.find(({ id }) => id === row?.id);
  expect('it was killed before it had marked the event', after?.published === false);
  await answer;
  await sleep(maxStalenessMs + 300); // the bound, under traffic, with one instance
}

import type { Change } from '../history/operation.ts';
import type { Token } from '../history/token.ts';
import type { Scene } from '../fault.ts';
import { comesToHave } from '../stage/backends.ts';
import type { Instance } from '../stage/stage.ts';

const WAITING_MS = 5_000;

/** Kills an instance while PostgreSQL has this of it wait for the row of the token's session, and then lets go of that. */
export async function killWhileWaiting(
  { stage, expect, anInstance }: Scene,
  token: Token,
  change: (at: Instance) => Promise<Change>,
): Promise<void> {
  const victim = anInstance();
  let answer: Promise<Change> | undefined;
  let waited = false;
  await stage.log.sql.begin(async (tx) => {
    await tx`select from sessions where id = ${token.sid} for update`;
    answer = change(victim);
    const waiting = { statement: 'sessions', state: 'waiting' } as const;
    waited = await comesToHave(stage, victim, waiting, WAITING_MS);
    victim.service.kill('SIGKILL');
    await victim.service.process.exited;
  });
  expect('the logout was waiting for its session', waited);
  await answer;
}

import type { Fault } from '../fault.ts';
import { RESTART_MS } from '../lengths.ts';
import { comesToHave } from '../stage/backends.ts';

const WAITING_MS = 5_000;

export const authKilledBeforeCommit: Fault = {
  name: 'auth-killed-before-commit',
  about: 'auth is killed while a logout waits for a lock: nothing has happened',
  takes: () => RESTART_MS + 1_000,
  async run({ stage, traffic, anInstance, endUnder, expect }) {
    const { token } = await traffic.newSession();
    const victim = anInstance();
    let answer: Promise<unknown> | undefined;
    let waited = false;
    await stage.log.sql.begin(async (tx) => {
      await tx`select from sessions where id = ${token.sid} for update`;
      answer = endUnder(victim, token);
      const waiting = { statement: 'sessions', state: 'waiting' } as const;
      waited = await comesToHave(stage, victim, waiting, WAITING_MS);
      victim.service.kill('SIGKILL');
      await victim.service.process.exited;
    });
    expect('the logout was waiting for its session', waited);
    await answer;
    const row = await stage.log.find(({ key }) => key === token.sid, 500);
    expect('the logout did not commit', row === undefined);
  },
};

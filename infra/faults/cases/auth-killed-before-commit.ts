import type { Fault } from '../fault.ts';
import { setTimeout as sleep } from 'node:timers/promises';

export const authKilledBeforeCommit: Fault = {
  name: 'auth-killed-before-commit',
  about: 'auth is killed while a logout waits for a lock: nothing has happened',
  async run({ stage, traffic, random, anInstance, endUnder, expect }) {
    const { token } = await traffic.newSession();
    const victim = anInstance();
    let answer: Promise<unknown> | undefined;
    await stage.log.sql.begin(async (tx) => {
      await tx`select from sessions where id = ${token.sid} for update`;
      answer = endUnder(victim, token);
      await sleep(random.between(150, 500));
      victim.service.kill('SIGKILL');
      await victim.service.process.exited;
    });
    await answer;
    const row = await stage.log.find(({ key }) => key === token.sid, 500);
    expect('the logout did not commit', row === undefined);
  },
};

/** What tests of races have in common: two instances, moments and choices by a seed, and what has to be dead afterwards. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Tokens } from '@portcullis/api';
import { expect } from 'vitest';
import type { Answer, AuthInstance, AuthSystem } from '../auth-system.ts';

export type Random = () => number;

export async function after<T>(milliseconds: number, work: () => Promise<T>): Promise<T> {
  if (milliseconds >= 1) await sleep(milliseconds);
  return await work();
}

/** @param system as it is once it was started */
export function racesOf(system: () => AuthSystem, seed: number) {
  let undecided = 0;

  /**
   * On a machine that is too busy the service gives up with 503, which decides nothing: asked again, as
   * a client does.
   */
  async function decided(ask: () => Promise<Answer>): Promise<Answer> {
    for (;;) {
      const answer = await ask();
      if (answer.status !== 503) return answer;
      undecided += 1;
      await sleep(50);
    }
  }

  return {
    decided,
    anyInstance(random: Random): AuthInstance {
      const chosen = system().instances[random() < 0.5 ? 0 : 1];
      if (chosen === undefined) throw new Error('there are two');
      return chosen;
    },
    progress(what: string, done: number, times: number): void {
      const each = times < 1_000 ? times : times / 10;
      if (done % each !== 0) return;
      console.log(
        `${what}: ${done} of ${times} races, seed ${seed}; asked again ${undecided} times`,
      );
    },
    /** Whatever of these was handed out has to be dead on both instances. */
    async expectDead(tokens: readonly Tokens[], about: string): Promise<void> {
      for (const instance of system().instances) {
        for (const { access_token, refresh_token } of tokens) {
          const used = await decided(() =>
            instance.call('GET', '/v1/sessions', { token: access_token }),
          );
          expect(used.status, `an access token, ${about}`).toBe(401);
          const refreshed = await decided(() => instance.refresh(refresh_token));
          expect(refreshed.status, `a refresh token, ${about}`).toBe(401);
        }
      }
    },
  };
}

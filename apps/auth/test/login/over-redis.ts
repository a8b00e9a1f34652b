/** What is counted in Redis, on a machine that may be too busy to ask it in time. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { AuthSystem } from '../auth-system.ts';

/** For longer than Redis is not asked after it was too slow once (limits/store.ts), which no metric shows. */
const REST_MS = 1_200;

/** Where Redis was too slow to be waited for, and an instance counted alone: the scenario once more. */
export async function overRedis(system: AuthSystem, scenario: () => Promise<void>): Promise<void> {
  for (let round = 1; ; round += 1) {
    const before = await degraded(system);
    await sleep(REST_MS);
    try {
      return await scenario();
    } catch (error) {
      if (round === 5 || (await degraded(system)) === before) throw error;
    }
  }
}

/** Attempts that instances have counted alone, of each of them. */
async function degraded({ instances }: AuthSystem): Promise<string> {
  const counts = await Promise.all(
    instances.map(async ({ url }) => {
      const metrics = await (await fetch(`${url}/metrics`)).text();
      return /portcullis_auth_limiter_degraded_total\S* (\d+)/.exec(metrics)?.[1] ?? '0';
    }),
  );
  return counts.join();
}

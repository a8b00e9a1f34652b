/**
 * No request to a service is answered 500, every answer has the security headers, and every line of the
 * log is one of ours. `npm run fuzz:http` sends 20,000 requests to each service.
 */
import { startSystem, type TestSystem } from '@portcullis/testbed';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fuzzService } from '../fuzz/fuzz-service.ts';
import { logIn } from './calls.ts';

const REQUESTS = Number(process.env['HTTP_FUZZ_REQUESTS'] ?? 600);
const SEED = Number(process.env['HTTP_FUZZ_SEED'] ?? 20_261_122);

let system: TestSystem;
beforeAll(async () => {
  // With the intended limits, so that hashing passwords does not take all of the time.
  system = await startSystem({ auth: { PORTCULLIS_RATE_LIMIT_SCALE: '5' } });
}, 180_000);
afterAll(async () => system?.[Symbol.asyncDispose]());

test.each(['auth', 'user', 'admin'] as const)(
  `%s answers ${REQUESTS} bent requests (seed ${SEED})`,
  async (name) => {
    const { auth, [name]: service } = system;
    const bearer = async () => {
      const { access_token } = await logIn(auth.url, system.administrator);
      const good = Array.from({ length: 12 }, () => `Bearer ${access_token}`);
      return [...good, `bearer ${access_token}x`, 'Bearer a.b.c', 'Basic YTpi'];
    };
    const { statuses, failures } = await fuzzService({
      url: service.url,
      seed: SEED,
      requests: REQUESTS,
      credentials: bearer,
    });
    console.log(name, Object.fromEntries([...statuses].toSorted(([a], [b]) => a - b)));
    expect(failures.slice(0, 5)).toEqual([]);
    // It has got past the first refusals.
    expect(statuses.get(200) ?? 0).toBeGreaterThan(REQUESTS / 100);
    // The first line may have been cut off.
    for (const line of service.log.trimEnd().split('\n').slice(1)) {
      expect(JSON.parse(line)).toMatchObject({ service: expect.any(String) });
    }
  },
  30 * 60_000,
);

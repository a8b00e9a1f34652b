/** The key set of the issuer goes away while grants go on coming over NATS: real HTTP, NATS, PostgreSQL. */
import { newId } from '@portcullis/contracts';
import { Disposal } from '@portcullis/service';
import { freePort, startUser } from '@portcullis/testbed';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compose } from '../src/compose.ts';
import { createSurroundings, registered } from './user-service.ts';

/** Longer than a verifier pauses between two fetches. */
const PAUSE_MS = 5_100;

let around: Awaited<ReturnType<typeof createSurroundings>>;
beforeAll(async () => {
  around = await createSurroundings();
  await around.makeStream();
});
afterAll(() => around.bed.dispose());

const readiness = async (url: string) => {
  const response = await fetch(`${url}/readyz`);
  const { checks }: any = await response.json();
  return { status: response.status, key_set: checks.key_set };
};

it('unknown keys are answered 503 then; probes, metrics and one line say why', async () => {
  const { issuer } = around;
  const service = await startUser(around.bed, issuer.issuer);
  const fetched = performance.now();
  const id = newId('usr');
  await around.publish(registered(id));
  const me = async (token: string) =>
    await fetch(`${service.url}/v1/me`, { headers: { authorization: `Bearer ${token}` } });
  const known = await issuer.mint({ sub: id });
  await expect.poll(async () => (await me(known)).status).toBe(200);
  expect(await readiness(service.url)).toEqual({ status: 200, key_set: { ok: true } });

  await issuer.rotate();
  const unknown = await issuer.mint({ sub: id });
  await issuer[Symbol.asyncDispose]();
  await sleep(PAUSE_MS - (performance.now() - fetched));
  for (let asked = 0; asked < 5; asked += 1) {
    const response = await me(unknown);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toMatch(/^[1-5]$/);
    expect(await response.json()).toMatchObject({ code: 'unavailable' });
    expect((await me(known)).status).toBe(200);
  }
  // The service can do its work, and says what it cannot do.
  expect(await readiness(service.url)).toEqual({
    status: 200,
    key_set: { ok: true, warning: expect.stringContaining('the key set cannot be fetched') },
  });
  const metrics = await (await fetch(`${service.url}/metrics`)).text();
  expect(metrics).toMatch(/^portcullis_verifier_key_set_failures_total\S* 1$/m);
  const age = /^portcullis_verifier_key_set_age_seconds\S* (\S+)$/m.exec(metrics)?.[1];
  expect(Number(age)).toBeGreaterThan(5);
  const lines = service.log.split('\n').filter((line) => line.includes('key set unavailable'));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('ECONNREFUSED');
});

it('a service without any key is not ready, and says so', async () => {
  const owned = new Disposal();
  const port = await freePort();
  await compose({ ...around.config, port }, owned);
  const url = `http://127.0.0.1:${port}`;
  try {
    expect(await readiness(url)).toEqual({
      status: 503,
      key_set: { ok: false, reason: 'there is no key to verify with yet' },
    });
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/^portcullis_verifier_key_set_age_seconds\S* \+Inf$/m);
  } finally {
    await owned[Symbol.asyncDispose]();
  }
});

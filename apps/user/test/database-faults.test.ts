/** Without its database the service knows nothing, and says so; what came meanwhile comes again. */
import { newId } from '@portcullis/contracts';
import { startTcpProxy } from '@portcullis/testbed';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSurroundings, registered, startUserService } from './user-service.ts';

let around: Awaited<ReturnType<typeof createSurroundings>>;
beforeAll(async () => {
  around = await createSurroundings();
  await around.makeStream();
});
afterAll(() => around.bed.dispose());

it('answers 503 while PostgreSQL is unavailable, and loses no event', async () => {
  await using proxy = await startTcpProxy(around.config.databaseUrl);
  const databaseUrl = proxy.through(around.config.databaseUrl);
  await using service = await startUserService({ ...around.config, databaseUrl });
  const at = async (path: string, id = newId('usr')) => {
    const authorization = `Bearer ${await around.issuer.mint({ sub: id })}`;
    return fetch(`${service.url}${path}`, { headers: { authorization } });
  };
  const [before, during] = [newId('usr'), newId('usr')];
  await around.publish(registered(before));
  expect((await at('/v1/me', before)).status).toBe(200);

  proxy.cut();
  await around.publish(registered(during));
  const away = await at('/v1/me', before);
  expect(away.status).toBe(503);
  expect(away.headers.get('retry-after')).toBe('1');
  expect(await away.json()).toMatchObject({ code: 'unavailable' });
  expect((await at('/readyz')).status).toBe(503);
  expect((await at('/healthz')).status).toBe(200);

  proxy.mend();
  const back = async () => [
    (await at('/v1/me', before)).status,
    (await at('/v1/me', during)).status,
  ];
  await expect.poll(back, { timeout: 20_000 }).toEqual([200, 200]);
});

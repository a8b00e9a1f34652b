/** What is kept about a user can be had by them, and is gone everywhere after their deletion. */
import { startSystem, type TestSystem } from '@portcullis/testbed';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { databaseText, redisText } from '../secrets/collect.ts';
import { logIn, post } from './calls.ts';

let system: TestSystem;
beforeAll(async () => {
  system = await startSystem({ auth: { PORTCULLIS_TRUSTED_PROXIES: '127.0.0.1' } });
}, 180_000);
afterAll(async () => system?.[Symbol.asyncDispose]());

test('one’s own data, and its end', async () => {
  const { auth, user, admin, bed } = system;
  const mark = randomBytes(6).toString('hex');
  const personal = { email: `p${mark}@example.test`, name: `Name ${mark}` };
  const password = 'correct horse battery staple';
  const device = `Device/${mark}`;
  const home = `198.51.100.${1 + (Number.parseInt(mark.slice(0, 4), 16) % 250)}`;
  const headers = {
    'content-type': 'application/json',
    'user-agent': device,
    'x-forwarded-for': home,
  };
  const send = (path: string, body: object) =>
    fetch(`${auth.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  expect((await send('/v1/register', { ...personal, password })).status).toBe(201);
  const { access_token } = await (
    await send('/v1/login', { ...personal, password, name: undefined })
  ).json();
  const own = { headers: { authorization: `Bearer ${access_token}` } };
  await expect.poll(async () => (await fetch(`${user.url}/v1/me`, own)).status).toBe(200);

  const exported = await (await fetch(`${auth.url}/v1/account/export`, own)).json();
  expect(exported).toMatchObject({
    account: personal,
    sessions: [{ user_agent: device, address: home, ended_at: null }],
  });
  expect(exported.activity[0]).toMatchObject({ address: home });
  expect(exported.activity.map(({ action }: { action: string }) => action)).toEqual([
    'session.logged-in',
    'account.registered',
  ]);
  expect(JSON.stringify(exported)).not.toMatch(/argon2|hash/);
  expect((await fetch(`${auth.url}/v1/account/export`)).status).toBe(401);

  const kept = async () =>
    (await databaseText(bed.databaseUrls.auth)) +
    (await databaseText(bed.databaseUrls.user)) +
    (await redisText(bed.redisUrl, bed.prefix));
  expect(await kept()).toContain(home);

  const { access_token: token } = await logIn(auth.url, system.administrator);
  const removal = await fetch(`${admin.url}/v1/users/${exported.account.id}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${token}` },
  });
  expect(removal.status).toBe(200);
  // It reaches the user service by an event.
  await expect.poll(async () => (await kept()).includes(mark)).toBe(false);
  expect(await kept()).not.toContain(home);
  // The trail keeps what happened, under an id that no name is kept for.
  expect(await kept()).toContain(exported.account.id);
  // The address is free again.
  expect((await post(`${auth.url}/v1/register`, { ...personal, password })).status).toBe(201);
});

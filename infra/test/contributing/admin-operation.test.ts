/** The example of CONTRIBUTING.md, in a copy of this repository: an operation is three places. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createPortcullisClient } from '@portcullis/client';
import type * as ofTestbed from '@portcullis/testbed';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tool } from '../../paths.ts';
import { applyTo, buildServices, cleanCopy, exampleOf, filesOf } from './clean-copy.ts';

let copy: string;
let remove: () => void;

beforeAll(() => {
  ({ copy, remove } = cleanCopy());
  const example = exampleOf('An operation of an administrator');
  expect(filesOf(example)).toEqual([
    'apps/auth/src/account/administer-accounts.ts',
    'apps/auth/test/every-change.test.ts',
    'packages/api/src/operations/accounts.ts',
  ]);
  applyTo(copy, example);
  buildServices(copy);
});
afterAll(() => remove());

test('an administrator uses it over HTTP, and no other caller does', async () => {
  const testbed = join(copy, 'packages/testbed/src/index.ts');
  const { startSystem }: typeof ofTestbed = await import(testbed);
  await using system = await startSystem();
  const { auth, user, admin } = system;
  const urls = { auth: auth.url, user: user.url, admin: admin.url };

  const account = { email: 'ada@example.test', password: 'correct horse battery staple' };
  const ada = createPortcullisClient(urls);
  await ada.auth.register.mutate(account);
  const tokensOf = async (body: object): Promise<any> =>
    await (await post('/v1/login', body)).json();
  const post = async (path: string, body: object) =>
    await fetch(auth.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const [one, other] = [await tokensOf(account), await tokensOf(account)];
  const root = await tokensOf(system.administrator);
  const asked = async (method: string, url: string, token: string) => {
    const response = await fetch(url, { method, headers: { authorization: `Bearer ${token}` } });
    return { status: response.status, body: await response.json() };
  };
  const me = async (token: string) => (await asked('GET', `${user.url}/v1/me`, token)).status;
  await expect.poll(() => me(one.access_token)).toBe(200);
  await expect.poll(() => me(other.access_token)).toBe(200);
  const list = await asked(
    'GET',
    `${admin.url}/v1/users?query=${account.email}`,
    root.access_token,
  );
  const id: string = list.body.users[0].id;
  const route = `${admin.url}/v1/users/${id}/sessions/${one.session_id}?wait=5000`;

  expect(await asked('DELETE', route, other.access_token)).toMatchObject({ status: 403 });
  expect(await me(one.access_token)).toBe(200);
  const receipt = { status: 200, body: { revoked: { kind: 'session' }, pending: [] } };
  expect(await asked('DELETE', route, root.access_token)).toMatchObject(receipt);
  expect(await me(one.access_token)).toBe(401);
  expect(await me(other.access_token)).toBe(200);
  // Once more is the same receipt; what is no session of this user is none.
  expect(await asked('DELETE', route, root.access_token)).toMatchObject(receipt);
  const wrong = `${admin.url}/v1/users/${id}/sessions/${root.session_id}`;
  expect(await asked('DELETE', wrong, root.access_token)).toMatchObject({ status: 404 });

  const trail = await asked(
    'GET',
    `${admin.url}/v1/audit?target=${one.session_id}&action=session.ended`,
    root.access_token,
  );
  expect(trail.body.entries).toMatchObject([
    { action: 'session.ended', detail: { client: 'cli_admin', changed: false } },
    { action: 'session.ended', detail: { client: 'cli_admin', changed: true } },
  ]);
  const { body: document } = await asked('GET', `${admin.url}/openapi.json`, '');
  expect(document.paths['/v1/users/{user_id}/sessions/{session_id}'].delete).toMatchObject({
    operationId: 'users.endSession',
    summary: 'End one session of a user',
  });
});

test('its row is enough for the test of every change, which runs it', async () => {
  const words = ['run', 'apps/auth/test/every-change.test.ts', '-t', 'has a place|endSession'];
  const run = promisify(execFile)(tool('vitest'), words, { cwd: copy });
  await expect(run).resolves.toMatchObject({ stdout: expect.stringContaining('2 passed') });
});

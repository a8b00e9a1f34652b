/** Faults from the field: administrators and users, through all three services. */
import { startSystem, type TestSystem } from '@portcullis/testbed';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { get, logIn, register, type Account } from '../e2e/calls.ts';

let system: TestSystem;
let first: string;

beforeAll(async () => {
  system = await startSystem();
  first = (await logIn(system.auth.url, system.administrator)).access_token;
}, 120_000);
afterAll(async () => system?.[Symbol.asyncDispose]());

async function send(method: string, url: string, token: string, body: object): Promise<Response> {
  return await fetch(url, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

const setRoles = (token: string, id: string, roles: string[]) =>
  send('PUT', `${system.admin.url}/v1/users/${id}/roles?wait=2000`, token, { roles });

async function found(query: string): Promise<{ id: string; name: string }[]> {
  const url = `${system.admin.url}/v1/users?query=${encodeURIComponent(query)}`;
  const body = (await (await get(url, first)).json()) as { users: { id: string; name: string }[] };
  return body.users;
}

async function newAdministrator(): Promise<{ account: Account; id: string; token: string }> {
  const account = await register(system.auth.url);
  const id = (await found(account.email))[0]!.id;
  expect((await setRoles(first, id, ['admin'])).status).toBe(200);
  return { account, id, token: (await logIn(system.auth.url, account)).access_token };
}

it('L5: an administrator who has just lost the role gets 403 or token_stale, not 503', async () => {
  const answers: string[] = [];
  for (let round = 0; round < 6; round += 1) {
    const [one, other] = [await newAdministrator(), await newAdministrator()];
    const both = await Promise.all([
      setRoles(one.token, other.id, []),
      setRoles(other.token, one.id, []),
    ]);
    for (const answer of both) {
      const { code } = (await answer.json()) as { code?: string };
      answers.push(`${answer.status} ${code ?? 'done'}`);
    }
  }
  const known = ['200 done', '403 insufficient_scope', '401 token_stale'];
  expect(answers.filter((answer) => !known.includes(answer))).toEqual([]);
  expect(answers.filter((answer) => answer === '200 done')).toHaveLength(6);
});

it('L3: a name changed at the user service is the name at auth', async () => {
  const account = await register(system.auth.url);
  const { access_token: token } = await logIn(system.auth.url, account);
  const id = (await found(account.email))[0]!.id;
  // Long enough to be looked for in a password.
  const name = `Cassiopeia ${id.slice(-8)}`;
  await expect
    .poll(async () => (await send('PATCH', `${system.user.url}/v1/me`, token, { name })).status)
    .toBe(200);
  const me = (await (await get(`${system.user.url}/v1/me`, token)).json()) as { name: string };
  expect(me.name).toBe(name);
  expect((await found(account.email))[0]).toMatchObject({ id, name });
  expect((await found(name)).map((one) => one.id)).toEqual([id]);
  const exported = await get(`${system.auth.url}/v1/account/export`, token);
  expect(await exported.json()).toMatchObject({ account: { name } });
  const change = await send('POST', `${system.auth.url}/v1/password/change`, token, {
    current_password: account.password,
    new_password: `a lantern for ${name} above the gate`,
  });
  expect(change.status).toBe(400);
});

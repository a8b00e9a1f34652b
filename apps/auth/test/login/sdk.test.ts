/** The SDK against an auth that asks for one more step, in both ways that tokens travel. */
import { createPortcullisClient, type LoginResult } from '@portcullis/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD, startAuthSystem, type AuthInstance, type AuthSystem } from '../auth-system.ts';
import { CodeFactor } from './code-factor.ts';

let factor: CodeFactor;
let system: AuthSystem;
let auth: AuthInstance;

beforeAll(async () => {
  factor = new CodeFactor();
  system = await startAuthSystem({ factors: [factor] });
  auth = system.auth;
}, 120_000);

afterAll(async () => {
  await system.bed.dispose();
});

async function newUser() {
  const { email } = await auth.newcomer();
  const code = factor.enrol(await system.idOf(email));
  return { credentials: { email, password: PASSWORD }, code };
}

/** As a browser does: keeps cookies, and says where the page is from. */
function browser() {
  const jar = new Map<string, string>();
  const fetchIn: typeof fetch = async (input, init = {}) => {
    const headers = new Headers(init.headers);
    headers.set('sec-fetch-site', 'same-origin');
    if (jar.size > 0) {
      headers.set('cookie', [...jar].map(([name, value]) => `${name}=${value}`).join('; '));
    }
    const response = await fetch(input, { ...init, headers });
    for (const line of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split('; ');
      const [name = '', value = ''] = pair.split('=', 2);
      if (attributes.includes('Max-Age=0')) jar.delete(name);
      else jar.set(name, value);
    }
    return response;
  };
  return { jar, fetch: fetchIn };
}

const urls = () => ({ auth: auth.url, user: auth.url, admin: auth.url });

function challengeIn(result: LoginResult) {
  if (result.status !== 'challenged') throw new Error(`the login is ${result.status}`);
  return result.challenge;
}

describe.each(['body', 'body, bound to a key', 'cookie'] as const)('with tokens in %s', (how) => {
  const open = () => {
    const { jar, fetch: fetchIn } = browser();
    const client =
      how === 'cookie'
        ? createPortcullisClient({ ...urls(), transport: 'cookie', fetch: fetchIn })
        : createPortcullisClient({ ...urls(), ...(how === 'body' ? {} : { dpop: true }) });
    return { client, jar };
  };

  it('a login says that the user is in, or which step comes next', async () => {
    const { email } = await auth.newcomer();
    const plain = open().client;
    const done = await plain.logIn({ email, password: PASSWORD });
    expect(done).toEqual({ status: 'logged_in', sessionId: await plain.session.id() });

    const user = await newUser();
    const { client, jar } = open();
    const first = await client.logIn(user.credentials);
    const challenge = challengeIn(first);
    expect(challenge).toMatchObject({ methods: ['code'], expires_in: 300 });
    expect(jar.size).toBe(0);
    if (how !== 'cookie') expect(await client.session.id()).toBeUndefined();
    await expect(client.auth.sessions.list.query()).rejects.toMatchObject({ status: 401 });

    const wrong = client.continueLogIn({ challenge, method: 'code', answer: 'wrong' });
    await expect(wrong).rejects.toMatchObject({
      name: 'PortcullisError',
      code: 'challenge_failed',
      status: 401,
    });
    const right = { challenge, method: 'code', answer: user.code };
    const second = await client.continueLogIn(right);
    expect(second).toEqual({ status: 'logged_in', sessionId: await client.session.id() });
    const { sessions } = await client.auth.sessions.list.query();
    expect(sessions.find(({ current }) => current)?.id).toBe(second.sessionId);
    await expect(client.continueLogIn(right)).rejects.toMatchObject({ code: 'invalid_challenge' });
    expect((await client.auth.sessions.list.query()).sessions).toHaveLength(2);
  });

  it('a challenge leaves a session of before alone, and the next one takes its place', async () => {
    const { email } = await auth.newcomer();
    const { client } = open();
    const before = await client.logIn({ email, password: PASSWORD });
    const code = factor.enrol(await system.idOf(email));
    const challenge = challengeIn(await client.logIn({ email, password: PASSWORD }));
    expect(await client.session.id()).toBe(before.sessionId);
    const after = await client.continueLogIn({ challenge, method: 'code', answer: code });
    expect(await client.session.id()).toBe(after.sessionId);
    expect(after.sessionId).not.toBe(before.sessionId);
  });
});

it('a logout while the last step is under way is not undone by it', async () => {
  const user = await newUser();
  const client = createPortcullisClient(urls());
  const challenge = challengeIn(await client.logIn(user.credentials));
  let open = (): void => {};
  factor.gate = new Promise<void>((resolve) => (open = resolve));
  const looked = factor.checks;
  const answered = client.continueLogIn({ challenge, method: 'code', answer: user.code });
  const refused = expect(answered).rejects.toMatchObject({ code: 'aborted' });
  await expect.poll(() => factor.checks).toBe(looked + 1);
  await client.logOut();
  open();
  await refused;
  expect(await client.session.id()).toBeUndefined();
});

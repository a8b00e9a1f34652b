/** A few users at work, all the time: so that rates are of something, and each kind of refusal is seen. */
import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { ask, type Answer } from '../faults/traffic/ask.ts';
import type { Account } from '../faults/traffic/actor.ts';
import type { Stage } from '../faults/stage/stage.ts';

const USERS_AT_WORK = 3;
const PAUSE_MS = 100;

const pair = z.object({ access_token: z.string(), refresh_token: z.string() });

/** The peer that the services believe this of is the machine itself. */
export const anAddress = (): string =>
  `10.${randomInt(256)}.${randomInt(256)}.${randomInt(1, 255)}`;

export async function post(url: string, body: object, token?: string): Promise<Answer> {
  return await ask(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-forwarded-for': anAddress(),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
}

const get = async (url: string, token: string): Promise<Answer> =>
  await ask(url, { headers: { authorization: `Bearer ${token}` } });

/** @returns undefined where it does not succeed */
export async function logIn(
  authUrl: string,
  account: Account,
): Promise<z.infer<typeof pair> | undefined> {
  return pair.safeParse((await post(`${authUrl}/v1/login`, account)).body).data;
}

export class Everyday implements AsyncDisposable {
  readonly #stage: Stage;
  readonly #loops: Promise<void>[];
  #stopped = false;

  constructor(stage: Stage, accounts: readonly Account[]) {
    this.#stage = stage;
    this.#loops = accounts
      .slice(0, USERS_AT_WORK)
      .map(async (account) => await this.#work(account));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
  }

  async #work(account: Account): Promise<void> {
    while (!this.#stopped) {
      await this.#session(account);
      await sleep(PAUSE_MS);
    }
  }

  /** One session, from its login until it is refused everywhere; and a login of an account that there is not. */
  async #session(account: Account): Promise<void> {
    const auth = this.#stage.balancer.url;
    const unknownAccount = {
      email: `${randomBytes(6).toString('hex')}@example.test`,
      password: 'wrong password',
    };
    if (randomInt(10) === 0) await post(`${auth}/v1/login`, unknownAccount);
    const tokens = await logIn(auth, account);
    if (tokens === undefined) return;
    const { access_token: token, refresh_token } = tokens;
    await this.#show(token);
    await get(`${auth}/v1/sessions`, token);
    await post(`${auth}/v1/refresh`, { refresh_token });
    await post(`${auth}/v1/logout?wait=500`, {}, token);
    await this.#show(token);
  }

  async #show(token: string): Promise<void> {
    for (const { url } of this.#stage.verifiers) {
      await get(url, token);
      await sleep(PAUSE_MS / 5);
    }
  }
}

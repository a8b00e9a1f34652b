import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { call, member, type Answer } from './call.ts';
import { green, red } from '../steps.ts';
import type { Administrator } from '../services/first-administrator.ts';
import { addressOf, type ServicePorts } from '../services/catalogue.ts';

/** How long after the logout a service may still take to refuse, in milliseconds. */
const REFUSAL_LIMIT_MS = 10_000;
const POLL_MS = 2;

/** A step of the demo that did not hold. */
class StepDidNotHold extends Error {}

/**
 * Register, log in, call both services, log out, and see each refuse.
 * @returns whether every step held
 */
export async function tellStory(ports: ServicePorts, admin: Administrator): Promise<boolean> {
  const [auth, user, adminService] = [ports.auth, ports.user, ports.admin].map(addressOf);
  const account = {
    email: `demo-${randomBytes(6).toString('hex')}@portcullis.example`,
    password: randomBytes(18).toString('base64url'),
  };
  const me = `${user}/v1/me`;
  const users = `${adminService}/v1/users`;
  let current = '';
  const show = async (name: string, work: () => Promise<Shown>): Promise<void> => {
    current = name;
    const { milliseconds, detail } = await work();
    console.log(
      `  ${green('ok')}  ${name.padEnd(42)} ${milliseconds.toFixed(1).padStart(8)} ms  ${detail}`,
    );
  };
  try {
    await show('register', async () =>
      expectStatus(201, await call(`${auth}/v1/register`, { body: account })),
    );
    let token = '';
    await show('log in', async () => {
      const answer = await call(`${auth}/v1/login`, { body: account });
      const shown = expectStatus(200, answer);
      token = member(answer.body, 'access_token');
      return shown;
    });
    const logOutAndSeeRefusals = async (): Promise<void> => {
      await show('log out', async () =>
        receipt(await call(`${auth}/v1/logout`, { token, body: {} })),
      );
      // Both are asked from the same moment on.
      const refusals = [untilRefused(me, token), untilRefused(users, token)] as const;
      await Promise.allSettled(refusals);
      await show('user service refuses the token', () => refusals[0]);
      await show('admin service refuses the token', () => refusals[1]);
    };
    await show('user service accepts the token', () => untilAccepted(me, token));
    await show('admin service refuses it: not an administrator', async () =>
      expectStatus(403, await call(users, { token })),
    );
    await logOutAndSeeRefusals();

    await show('the administrator logs in', async () => {
      const { email, password } = admin;
      const answer = await call(`${auth}/v1/login`, { body: { email, password } });
      const shown = expectStatus(200, answer);
      token = member(answer.body, 'access_token');
      return shown;
    });
    await show('admin service accepts the token', () => untilAccepted(users, token));
    await show('user service accepts the token', () => untilAccepted(me, token));
    await logOutAndSeeRefusals();
    return true;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    console.log(`  ${red('no')}  ${current}: ${why}`);
    return false;
  }
}

interface Shown {
  milliseconds: number;
  detail: string;
}

function expectStatus(status: number, answer: Answer): Shown {
  if (answer.status === status)
    return { milliseconds: answer.milliseconds, detail: `HTTP ${status}` };
  const body = JSON.stringify(answer.body);
  throw new StepDidNotHold(`HTTP ${answer.status} instead of ${status}: ${body.slice(0, 300)}`);
}

function receipt(answer: Answer): Shown {
  const shown = expectStatus(200, answer);
  member(answer.body, 'enforced_by'); // without it there is no bound, and so no receipt
  const found = new Map(Object.entries(answer.body ?? {}));
  return {
    ...shown,
    detail: `receipt: confirmed by ${String(found.get('confirmed'))} of ${String(found.get('expected'))} verifiers`,
  };
}

/** A new account reaches the user service by an event, a few milliseconds after the login. */
async function untilAccepted(url: string, token: string): Promise<Shown> {
  const started = performance.now();
  for (;;) {
    const answer = await call(url, { token });
    const since = performance.now() - started;
    if (answer.status === 200) return { milliseconds: answer.milliseconds, detail: 'HTTP 200' };
    if (answer.status !== 404 || since > 5_000) return expectStatus(200, answer);
    await sleep(20);
  }
}

/** Asks again and again from the logout's answer on, and says when the first refusal came. */
async function untilRefused(url: string, token: string): Promise<Shown> {
  const started = performance.now();
  for (let accepted = 0; ; accepted++) {
    const answer = await call(url, { token });
    const milliseconds = performance.now() - started;
    if (answer.status === 401) {
      const before =
        accepted === 0 ? 'the first request after the logout' : `after ${accepted} accepted`;
      return { milliseconds, detail: `HTTP 401, ${before}` };
    }
    // Not an administrator (403) is an accepted token too; a fault is neither, and ends this.
    const stillAccepted = answer.status === 200 || answer.status === 403;
    if (!stillAccepted || milliseconds > REFUSAL_LIMIT_MS) return expectStatus(401, answer);
    await sleep(POLL_MS);
  }
}

/** The whole system on a NATS server on which each service may do only what is its business. */
import { jetstreamManager } from '@nats-io/jetstream';
import { subjectsOf } from '@portcullis/bus';
import { newId, type GrantRequest } from '@portcullis/contracts';
import {
  appDatabase,
  createTestBed,
  startAdmin,
  startAuth,
  startUser,
  type AuthProcess,
  type SpawnedService,
  type TestBed,
} from '@portcullis/testbed';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGuardedNats, type GuardedNats } from '../guarded-nats.ts';
import { codeOf, get, logIn, logOut, register, statusOf } from './calls.ts';

let bed: TestBed<'auth' | 'user'>;
let nats: GuardedNats;
let auth: AuthProcess;
let user: SpawnedService;
let admin: SpawnedService;

beforeAll(async () => {
  bed = await createTestBed({
    databases: { auth: appDatabase('auth'), user: appDatabase('user') },
  });
  nats = await startGuardedNats(bed.prefix);
  const on = (name: string) => ({ NATS_URL: nats.urlOf(name) });
  auth = await startAuth(bed, { ...on('auth'), PORTCULLIS_DURABLES: 'billing:revocations' });
  [user, admin] = await Promise.all([
    startUser(bed, auth.issuer, on('user')),
    startAdmin(bed, auth, on('admin')),
  ]);
}, 120_000);

afterAll(async () => {
  await bed.dispose();
  await nats[Symbol.asyncDispose]();
});

async function signUp(): Promise<string> {
  return (await logIn(auth.url, await register(auth.url))).access_token;
}

/** Who registered is known to the user service by its durable consumer alone. */
async function isKnown(token: string): Promise<void> {
  await expect
    .poll(async () => await statusOf(get(`${user.url}/v1/me`, token)), { timeout: 25_000 })
    .toBe(200);
}

describe('least privilege', () => {
  it('registers, reads, and logs out with every verifier’s confirmation', async () => {
    const token = await signUp();
    await isKnown(token);
    const receipt = await logOut(auth.url, token);
    expect(receipt).toMatchObject({ published: true, confirmed: 2, expected: 2, pending: [] });
    const refused = await get(`${user.url}/v1/me`, token);
    expect(refused.status).toBe(401);
    expect(await codeOf(refused)).toBe('invalid_token');
  });

  it('has denied none of the services anything', () => {
    for (const { log } of [auth, user, admin]) {
      expect(log).not.toMatch(/permissions violation/i);
    }
  });

  it('has auth make streams and consumers again, which the user service may not', async () => {
    const asAuth = await nats.connectAs('auth');
    const { streams, consumers } = await jetstreamManager(asAuth, { checkAPI: false });
    const { accountStream, revocationStream } = subjectsOf(bed.prefix);
    for (const name of [accountStream, revocationStream]) await streams.delete(name);
    await isKnown(await signUp());
    // Nothing that auth publishes shows this one: it looks.
    await consumers.delete(accountStream, 'user');
    await asAuth.close();
    await isKnown(await signUp());
  }, 60_000);

  it('has auth make the consumers of services that only its settings name', async () => {
    const asAuth = await nats.connectAs('auth');
    const { consumers } = await jetstreamManager(asAuth, { checkAPI: false });
    const { revocationStream, revocations } = subjectsOf(bed.prefix);
    const { config } = await consumers.info(revocationStream, 'billing');
    expect(config).toMatchObject({ ack_policy: 'explicit', filter_subject: revocations });
    expect(config.deliver_subject).toBeUndefined();
    await asAuth.close();
  });

  it('survives NATS losing its disk', async () => {
    await nats.restartEmpty();
    await isKnown(await signUp());
    expect(await logOut(auth.url, await signUp())).toMatchObject({ confirmed: 2, expected: 2 });
  }, 60_000);
});

describe('auth', () => {
  it('answers a request where the answer is an answer, and nowhere else', async () => {
    // An attacker with the user service's credentials.
    const asUser = await nats.connectAs('user');
    const asAdmin = await nats.connectAs('admin');
    const subjects = subjectsOf(bed.prefix);
    // Auth may speak on these subjects by itself at any moment; an answer to a grant bears its nonce.
    const nonce = '0123456789abcdef';
    const heard: string[] = [];
    for (const subject of [subjects.pushes, subjects.revocations, subjects.numbered]) {
      asAdmin.subscribe(subject, {
        callback: (_error, message) => {
          if (message.string().includes(nonce)) heard.push(message.subject);
        },
      });
    }
    await asAdmin.flush();
    const request: GrantRequest = {
      version: 1,
      service: 'user',
      incarnation: newId('inc'),
      nonce,
      policy: 'accept',
      epoch: null,
      position: 0,
      applied: [],
    };
    const body = JSON.stringify(request);
    const reply = await asUser.request(subjects.grant('user'), body, { timeout: 2_000 });
    expect(reply.json()).toMatchObject({ outcome: 'granted', nonce });

    for (const to of [subjects.pushes, subjects.revocation('session'), subjects.numbered]) {
      asUser.publish(subjects.grant('user'), body, { reply: to });
    }
    // In another's name, in the body: the subject is what counts.
    const other = JSON.stringify({ ...request, service: 'admin' });
    await expect(asUser.request(subjects.grant('user'), other, { timeout: 500 })).rejects.toThrow();
    await sleep(300);
    expect(heard).toEqual([]);
    await Promise.all([asUser.close(), asAdmin.close()]);
  });
});

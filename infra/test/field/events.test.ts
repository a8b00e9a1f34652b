/** Faults of events for other services, and for the users whose events they are. */
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { subjectsOf } from '@portcullis/bus';
import { startPrivateNats, startSystem, type TestSystem } from '@portcullis/testbed';
import { connect } from '@nats-io/transport-node';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LAUNCHER, natsConfiguration, passwordVariable } from '../../nats/configuration.ts';
import { register, type Tokens } from '../e2e/calls.ts';
import { recordedClient, type RecordedClient } from '../e2e/sdk.ts';
import { startGuardedNats } from '../guarded-nats.ts';

const PREFIX = 'portcullis';
const subjects = subjectsOf(PREFIX);
const page = await readFile(new URL('../../../docs/events.md', import.meta.url), 'utf8');

it('E1: with the permissions that the page shows, events arrive and are acknowledged', async () => {
  const [, block = ''] = /<!-- the account of billing -->\n\n```\n(.*?)```\n/s.exec(page) ?? [];
  expect(block, 'docs/events.md shows the account of a service that reads events').not.toBe('');
  const users = [LAUNCHER, 'auth', 'user', 'admin'];
  const passwordOf = (user: string): string => `password of ${user}`;
  await using nats = await startPrivateNats({
    configuration: natsConfiguration(PREFIX, users).replace(/\}\s*$/, `${block}}\n`),
    env: Object.fromEntries(
      [...users, 'billing'].map((user) => [passwordVariable(user), `"${passwordOf(user)}"`]),
    ),
    user: LAUNCHER,
    pass: passwordOf(LAUNCHER),
  });
  const as = async (user: string) =>
    await connect({
      servers: new URL(nats.url).host,
      user,
      pass: passwordOf(user),
      inboxPrefix: `_INBOX.${PREFIX}.${user}`,
    });
  const [auth, billing] = await Promise.all([as('auth'), as('billing')]);
  const denied: string[] = [];
  void (async () => {
    for await (const status of billing.status()) {
      if (status.type === 'error') denied.push(status.error.message);
    }
  })();
  const { streams, consumers } = await jetstreamManager(auth, { checkAPI: false });
  const read = [
    { stream: subjects.accountStream, filter: subjects.accounts, to: subjects.account('enabled') },
    {
      stream: subjects.revocationStream,
      filter: subjects.revocations,
      to: subjects.revocation('key'),
    },
  ];
  for (const { stream, filter, to } of read) {
    await streams.add({ name: stream, subjects: [filter] });
    await consumers.add(stream, {
      durable_name: 'billing',
      filter_subject: filter,
      ack_policy: 'explicit',
    });
    await jetstream(auth).publish(to, '{}');
    const found = await jetstream(billing, { apiPrefix: 'AUTH.JS.API' }).consumers.get(
      stream,
      'billing',
    );
    const message = await found.next({ expires: 5_000 });
    expect(message?.subject).toBe(to);
    expect(await message?.ackAck()).toBe(true);
  }
  expect(denied).toEqual([]);
  await Promise.all([auth.close(), billing.close()]);
});

it('E2: acknowledgements of the newer form are let through, beside those of the older', async () => {
  await using nats = await startGuardedNats(PREFIX);
  const user = await nats.connectAs('user');
  const denied: string[] = [];
  void (async () => {
    for await (const status of user.status()) {
      if (status.type === 'error') denied.push(status.error.message);
    }
  })();
  user.publish(`$JS.ACK.${subjects.accountStream}.user.1.1.1.1.0`);
  user.publish(`$JS.ACK._.AbCdEf12.${subjects.accountStream}.user.1.1.1.1.0`);
  // And of no other service; the server's answers come in the order of what was published.
  user.publish(`$JS.ACK._.AbCdEf12.${subjects.accountStream}.orders.1.1.1.1.0`);
  const orders = expect.stringContaining('.orders.');
  await expect.poll(() => denied).toContainEqual(orders);
  expect(denied).toEqual([orders]);
  await user.close();
});

let system: TestSystem;
let administrator: RecordedClient;
beforeAll(async () => {
  system = await startSystem();
  administrator = recordedClient(system);
  await administrator.client.logIn(system.administrator);
}, 120_000);
afterAll(async () => system?.[Symbol.asyncDispose]());

/** The items of the raw stream, and the code that it ends with. */
async function listen(token: string) {
  const answer = await fetch(`${system.user.url}/trpc/me.events`, {
    headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
  });
  let text = '';
  const read = async () => {
    for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) text += chunk;
  };
  const over = read().catch(() => undefined);
  const types = () =>
    [...text.matchAll(/^data: \{.*"type":"([a-z-]+)"/gm)].map(([, type = '']) => type);
  await expect.poll(types).toEqual(['ready']);
  return {
    end: async () => {
      await over;
      return { types: types().slice(1), code: /"code":"([a-z_]+)"/.exec(text)?.[1] };
    },
  };
}

it('E5: a reader of me.events hears what the page says, at the end of an account too', async () => {
  // What it lists "as they happen" is what an open stream shows; the rest has its own line.
  const [, live = ''] = /the caller's own\n(.*?), as they happen/s.exec(page) ?? [];
  const [, table = ''] = /what a reader of me\.events hears -->\n\n(.*?)\n\n/s.exec(page) ?? [];
  const saysEnd = (type: string, code: string): boolean =>
    table.split('\n').some((row) => row.includes(`\`${type}\``) && row.includes(`\`${code}\``));
  const { users } = administrator.client.admin;
  const ends = {
    'roles-changed': async (user_id: never) =>
      await users.setRoles.mutate({ user_id, roles: ['support'], wait: 0 }),
    disabled: async (user_id: never) => await users.disable.mutate({ user_id, wait: 0 }),
    deleted: async (user_id: never) => await users.delete.mutate({ user_id, wait: 0 }),
  };
  for (const [type, end] of Object.entries(ends)) {
    const { client, storage } = recordedClient(system);
    const account = await register(system.auth.url);
    await client.logIn(account);
    const found = await users.list.query({ query: account.email });
    const stream = await listen((storage.get() as Tokens).access_token);
    await end(found.users[0]?.id as never);
    const { types, code } = await stream.end();
    const said = live.includes(`\`${type}\``) ? 'an item' : saysEnd(type, code ?? '') && 'the end';
    expect({ type, said }, 'what the page says, and what is so').toEqual({
      type,
      said: types.includes(type) ? 'an item' : 'the end',
    });
  }
});

it("D13: consumers that tests make have a policy of acknowledgements, as the product's have", async () => {
  const folder = new URL('../../../', import.meta.url);
  const files = execFileSync('git', ['ls-files', '*.test.ts'], { cwd: folder, encoding: 'utf8' });
  const without: string[] = [];
  let made = 0;
  for (const file of files.trim().split('\n')) {
    const text = await readFile(new URL(file, folder), 'utf8').catch(() => '');
    for (const [call] of text.matchAll(/consumers\.add\([^;]*?\);/gs)) {
      made += 1;
      if (!call.includes('ack_policy')) without.push(file);
    }
  }
  expect(made).toBeGreaterThan(0);
  expect(without).toEqual([]);
});

/**
 * What each service may do on NATS, asked of a real server with the configuration of production.
 * A denial is the server's own error, named by operation and subject; what is not denied is allowed.
 */
import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import {
  busPermissions,
  EVENT_STREAMS,
  EVENTS_API,
  inboxPrefix,
  isInbox,
  subjectsOf,
} from '@portcullis/bus';
import { accountEvent, revocationEvent } from '@portcullis/contracts/schemas';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { accountBlock, natsConfiguration, passwordVariable } from '../nats/configuration.ts';
import { BUS_USERS } from '../nats/users.ts';
import { ROOT } from '../paths.ts';
import { startGuardedNats, USERS, type GuardedNats } from './guarded-nats.ts';

const PREFIX = 'guarded';
const subjects = subjectsOf(PREFIX);
const { accountStream: ACCOUNTS, revocationStream: REVOCATIONS, auditStream: AUDIT } = subjects;
const KINDS = revocationEvent.options.map((option) => option.shape.kind.value);
const TYPES = accountEvent.options.map((option) => option.shape.type.value);

/** One user's connection, and what the server has denied it. */
class Guarded {
  readonly connection: NatsConnection;
  readonly #denied: string[] = [];

  constructor(connection: NatsConnection) {
    this.connection = connection;
    void (async () => {
      for await (const status of connection.status()) {
        if (status.type !== 'error') continue;
        const [denial] = /(Publish|Subscription) to "[^"]*"/.exec(status.error.message) ?? [];
        this.#denied.push(denial ?? status.error.message);
      }
    })();
  }

  /** @returns the server's errors about what was done */
  async denials(act: () => void): Promise<string[]> {
    this.#denied.length = 0;
    act();
    await this.connection.flush(); // errors come before its answer
    await sleep(1);
    return [...this.#denied];
  }

  publish(subject: string): Promise<string[]> {
    return this.denials(() => this.connection.publish(subject, '{}'));
  }

  subscribe(subject: string, queue?: string): Promise<string[]> {
    return this.denials(() => {
      const options = queue === undefined ? {} : { queue };
      const subscription = this.connection.subscribe(subject, { ...options, callback: () => {} });
      setTimeout(() => subscription.unsubscribe(), 100);
    });
  }
}

let nats: GuardedNats;
let auth: Guarded;
let user: Guarded;
let admin: Guarded;

/** What auth does at its start; the rest is tested with auth itself, in e2e. */
async function makeStreams(): Promise<void> {
  const { streams, consumers } = await jetstreamManager(auth.connection, { checkAPI: false });
  await streams.add({ name: REVOCATIONS, subjects: [subjects.revocations] });
  await streams.add({ name: ACCOUNTS, subjects: [subjects.accounts] });
  await streams.add({ name: AUDIT, subjects: [subjects.auditHeads] });
  await consumers.add(ACCOUNTS, {
    durable_name: 'user',
    filter_subject: subjects.accounts,
    // As auth makes it: of one without a policy, NATS from 2.10 on confirms no acknowledgement.
    ack_policy: AckPolicy.Explicit,
  });
}

beforeAll(async () => {
  nats = await startGuardedNats(PREFIX);
  const connectAs = async (name: string) => new Guarded(await nats.connectAs(name));
  [auth, user, admin] = await Promise.all([
    connectAs('auth'),
    connectAs('user'),
    connectAs('admin'),
  ]);
  await makeStreams();
});
afterAll(async () => {
  await Promise.all([auth, user, admin].map(({ connection }) => connection.close()));
  await nats[Symbol.asyncDispose]();
});

const managing = [REVOCATIONS, ACCOUNTS].flatMap((stream) => [
  ...['CREATE', 'UPDATE', 'PURGE', 'DELETE', 'INFO'].map(
    (verb) => `$JS.API.STREAM.${verb}.${stream}`,
  ),
  `$JS.API.CONSUMER.CREATE.${stream}.made`,
  `$JS.API.CONSUMER.CREATE.${stream}.made.${subjects.accounts}`,
  `$JS.API.CONSUMER.DELETE.${stream}.user`,
]);
/** What auth has no need of either. */
const beyondAuth = [
  ...[REVOCATIONS, ACCOUNTS].flatMap((stream) => [
    `$JS.API.STREAM.MSG.GET.${stream}`,
    `$JS.API.STREAM.MSG.DELETE.${stream}`,
    `$JS.API.DIRECT.GET.${stream}`,
    `$JS.API.STREAM.SNAPSHOT.${stream}`,
    `$JS.API.CONSUMER.CREATE.${stream}`,
    `$JS.API.CONSUMER.DURABLE.CREATE.${stream}.made`,
  ]),
  // The published heads of the audit trail stay what they are.
  ...['UPDATE', 'PURGE', 'DELETE', 'MSG.DELETE', 'SNAPSHOT', 'RESTORE'].map(
    (verb) => `$JS.API.STREAM.${verb}.${AUDIT}`,
  ),
  `$JS.API.CONSUMER.CREATE.${AUDIT}.made.${subjects.auditHeads}`,
  '$JS.API.STREAM.CREATE.OTHER',
  '$JS.API.STREAM.DELETE.OTHER',
  '$JS.API.STREAM.LIST',
  '$SYS.REQ.SERVER.PING',
  'anything.else',
];

describe('the user service', () => {
  test.each([
    subjects.pushes,
    ...KINDS.map((kind) => subjects.revocation(kind)),
    ...TYPES.map((type) => subjects.account(type)),
    subjects.numbered,
    subjects.auditHeads,
    ...['CREATE', 'INFO', 'MSG.GET'].map((verb) => `$JS.API.STREAM.${verb}.${AUDIT}`),
    subjects.grant('admin'),
    subjects.acknowledge('admin'),
    subjects.deregister('admin'),
    subjects.instances('admin'),
    `${inboxPrefix(PREFIX, 'admin')}.reply`,
    `${inboxPrefix(PREFIX, 'auth')}.reply`,
    // Nor its own: what arrives there is an answer.
    `${inboxPrefix(PREFIX, 'user')}.reply`,
    ...managing,
    ...beyondAuth,
    '$JS.API.INFO',
    ...['$JS.API', EVENTS_API].flatMap((api) => [
      `${api}.CONSUMER.MSG.NEXT.${ACCOUNTS}.orders`,
      `${api}.CONSUMER.MSG.NEXT.${REVOCATIONS}.user`,
      `${api}.CONSUMER.INFO.${ACCOUNTS}.orders`,
      `${api}.STREAM.PURGE.${ACCOUNTS}`,
    ]),
    `$JS.ACK.${ACCOUNTS}.orders.1.1.1.1.0`,
    `$JS.ACK.${REVOCATIONS}.user.1.1.1.1.0`,
    `$JS.ACK._.hash.${ACCOUNTS}.orders.1.1.1.1.0`,
    `$JS.ACK._.hash.${REVOCATIONS}.user.1.1.1.1.0`,
  ])('may not publish %s', async (subject) => {
    expect(await user.publish(subject)).toEqual([`Publish to "${subject}"`]);
  });

  test.each([
    ...['>', '*.>', '$JS.>', '$JS.API.>', '$SYS.>', `${PREFIX}.>`, `${PREFIX}.*.v1.*`],
    subjects.grants,
    subjects.grant('user'),
    subjects.acknowledgements,
    subjects.deregistrations,
    subjects.accounts,
    subjects.account('registered'),
    subjects.auditHeads,
    subjects.instances('admin'),
    ...['_INBOX.>', '_INBOX.*', `_INBOX.${PREFIX}.>`, `_INBOX.${PREFIX}.*.>`],
    `${inboxPrefix(PREFIX, 'admin')}.>`,
    `${inboxPrefix(PREFIX, 'auth')}.>`,
    inboxPrefix(PREFIX, 'user'),
  ])('may not subscribe to %s', async (subject) => {
    expect(await user.subscribe(subject)).toEqual([`Subscription to "${subject}"`]);
    expect(await user.subscribe(subject, 'auth')).toHaveLength(1);
  });

  it('cannot have a revocation or an account event stored', async () => {
    const { streams } = await jetstreamManager(auth.connection, { checkAPI: false });
    const stored = async () =>
      (await streams.info(REVOCATIONS)).state.messages +
      (await streams.info(ACCOUNTS)).state.messages;
    const before = await stored();
    const store = jetstream(user.connection, { timeout: 500 });
    for (const subject of [subjects.revocation('session'), subjects.account('registered')]) {
      await expect(store.publish(subject, '{}', { retries: 0 })).rejects.toThrow();
    }
    expect(await stored()).toBe(before);
  });

  it('cannot make, empty or delete a stream or a consumer', async () => {
    const { streams, consumers } = await jetstreamManager(user.connection, {
      checkAPI: false,
      timeout: 500,
    });
    const attempts = [
      () => streams.add({ name: 'OWN', subjects: ['own'] }),
      () => streams.purge(ACCOUNTS),
      () => streams.delete(ACCOUNTS),
      () => consumers.add(REVOCATIONS, { durable_name: 'user' }),
      () =>
        consumers.add(ACCOUNTS, {
          durable_name: 'user',
          deliver_subject: subjects.revocation('issuer'),
        }),
      () => consumers.delete(ACCOUNTS, 'user'),
    ];
    for (const attempt of attempts)
      await expect(attempt()).rejects.toThrow(/Permissions Violation/);
  });

  test.each([
    subjects.grant('user'),
    subjects.acknowledge('user'),
    subjects.deregister('user'),
    subjects.instances('user'),
  ])('may publish %s', async (subject) => {
    expect(await user.publish(subject)).toEqual([]);
  });

  test.each([
    subjects.pushes,
    subjects.revocations,
    subjects.numbered,
    subjects.instances('user'),
    `${inboxPrefix(PREFIX, 'user')}.>`,
  ])('may subscribe to %s', async (subject) => {
    expect(await user.subscribe(subject)).toEqual([]);
  });

  it('reads its own durable consumer', async () => {
    await jetstream(auth.connection).publish(subjects.account('registered'), '{"for":"user"}');
    const { consumers } = jetstream(user.connection, { apiPrefix: EVENTS_API });
    const message = await (await consumers.get(ACCOUNTS, 'user')).next({ expires: 2_000 });
    expect(message?.json()).toEqual({ for: 'user' });
    expect(await message?.ackAck()).toBe(true);
  });
});

describe('the reply subject of a request, which the server does not look at', () => {
  const pull = `${EVENTS_API}.CONSUMER.MSG.NEXT.${ACCOUNTS}.user`;
  const info = `${EVENTS_API}.CONSUMER.INFO.${ACCOUNTS}.user`;
  const acknowledge = `$JS.ACK.${ACCOUNTS}.user.1.1.1.1.0`;

  // In one account each of the first three is obeyed, and the stream is empty, or gone.
  test.each([
    ...[REVOCATIONS, ACCOUNTS].flatMap((stream) => [
      `$JS.API.STREAM.PURGE.${stream}`,
      `$JS.API.STREAM.DELETE.${stream}`,
    ]),
    `$JS.API.CONSUMER.DELETE.${ACCOUNTS}.user`,
    subjects.pushes,
    subjects.revocation('session'),
    subjects.account('deleted'),
    subjects.numbered,
    subjects.acknowledge('admin'),
    subjects.deregister('admin'),
    subjects.grant('admin'),
  ])('does not make the server publish %s', async (reply) => {
    const { streams } = await jetstreamManager(auth.connection, { checkAPI: false });
    const store = jetstream(auth.connection);
    await store.publish(subjects.revocation('session'), '{}');
    await store.publish(subjects.account('registered'), '{}');
    const state = async () =>
      await Promise.all(
        [REVOCATIONS, ACCOUNTS].map(async (stream) => {
          const { messages, consumer_count } = (await streams.info(stream)).state;
          return { messages, consumer_count };
        }),
      );
    const before = await state();
    const heard: string[] = [];
    const listen = (to: NatsConnection, subject: string) =>
      to.subscribe(subject, {
        callback: (_error, message) => {
          heard.push(message.subject);
        },
      });
    const subscriptions = [
      ...[subjects.pushes, subjects.revocations, subjects.numbered].map((each) =>
        listen(admin.connection, each),
      ),
      ...[subjects.grants, subjects.acknowledgements, subjects.deregistrations].map((each) =>
        listen(auth.connection, each),
      ),
    ];
    await Promise.all([auth.connection.flush(), admin.connection.flush()]);

    const done = await user.denials(() => {
      // The second of these is answered with nothing but a status, so with an empty body.
      const all = '{"batch":1000,"no_wait":true}';
      user.connection.publish(pull, all, { reply });
      user.connection.publish(pull, all, { reply });
      user.connection.publish(info, '', { reply });
      user.connection.publish(acknowledge, '+ACK', { reply });
      user.connection.publish(acknowledge, '+NXT', { reply });
    });
    expect(done).toEqual([]); // so that it was the server that did nothing of it
    await sleep(100);
    expect(await state()).toEqual(before);
    expect(heard).toEqual([]);
    for (const subscription of subscriptions) subscription.unsubscribe();
  });
});

describe('the admin service, which reads no events', () => {
  test.each([
    `${EVENTS_API}.CONSUMER.INFO.${ACCOUNTS}.user`,
    `${EVENTS_API}.CONSUMER.MSG.NEXT.${ACCOUNTS}.user`,
    `$JS.API.CONSUMER.MSG.NEXT.${ACCOUNTS}.user`,
    `$JS.ACK.${ACCOUNTS}.user.1.1.1.1.0`,
    `$JS.ACK._.hash.${ACCOUNTS}.user.1.1.1.1.0`,
    subjects.acknowledge('user'),
  ])('may not publish %s', async (subject) => {
    expect(await admin.publish(subject)).toEqual([`Publish to "${subject}"`]);
  });
});

describe('auth', () => {
  test.each([
    subjects.pushes,
    ...KINDS.map((kind) => subjects.revocation(kind)),
    ...TYPES.map((type) => subjects.account(type)),
    subjects.numbered,
  ])('may publish %s', async (subject) => {
    expect(await auth.publish(subject)).toEqual([]);
  });

  test.each([
    subjects.grants,
    subjects.acknowledgements,
    subjects.deregistrations,
    `${inboxPrefix(PREFIX, 'auth')}.>`,
  ])('may subscribe to %s', async (subject) => {
    expect(await auth.subscribe(subject, 'auth')).toEqual([]);
  });

  test.each([...beyondAuth, subjects.grant('user'), subjects.deregister('user')])(
    'may not publish %s, which it has no need of',
    async (subject) => {
      expect(await auth.publish(subject)).toEqual([`Publish to "${subject}"`]);
    },
  );

  test.each(['>', '$JS.>', '_INBOX.>', `${inboxPrefix(PREFIX, 'user')}.>`])(
    'may not subscribe to %s',
    async (subject) => {
      expect(await auth.subscribe(subject)).toEqual([`Subscription to "${subject}"`]);
    },
  );

  it('answers a request in the inbox of who asked', async () => {
    auth.connection.subscribe(subjects.grants, {
      max: 1,
      callback: (_error, message) => void message.respond('granted'),
    });
    await auth.connection.flush();
    const reply = await user.connection.request(subjects.grant('user'), '{}', { timeout: 1_000 });
    expect(reply.string()).toBe('granted');
    expect(reply.subject.startsWith(`${inboxPrefix(PREFIX, 'user')}.`)).toBe(true);
  });

  it('adds to the published heads of the audit trail, and reads them', async () => {
    const { streams } = await jetstreamManager(auth.connection, { checkAPI: false });
    const { seq } = await jetstream(auth.connection).publish(subjects.auditHeads, '{"head":1}');
    expect((await streams.getMessage(AUDIT, { seq }))?.json()).toEqual({ head: 1 });
    expect((await streams.info(AUDIT)).state.messages).toBe(1);
  });

  it('makes, empties and deletes its streams and their consumers', async () => {
    const { streams, consumers } = await jetstreamManager(auth.connection, { checkAPI: false });
    await consumers.delete(ACCOUNTS, 'user');
    await streams.purge(ACCOUNTS);
    await streams.delete(ACCOUNTS);
    await makeStreams();
    expect((await consumers.info(ACCOUNTS, 'user')).config.deliver_subject).toBeUndefined();
  });
});

describe('the launcher', () => {
  it('may look whether NATS is there, and nothing else', async () => {
    const launcher = new Guarded(await nats.connectAs('launcher'));
    expect(await launcher.publish('anything')).toHaveLength(1);
    expect(await launcher.subscribe(subjects.revocations)).toHaveLength(1);
    expect(launcher.connection.info?.jetstream).toBe(true);
    await launcher.connection.close();
  });

  it('no NATS user connects without a password', async () => {
    const servers = new URL(nats.url).host;
    for (const options of [
      {},
      { user: 'auth' },
      { user: 'auth', pass: '' },
      { user: 'auth', pass: passwordVariable('auth') },
    ]) {
      await expect(connect({ servers, ...options, reconnect: false })).rejects.toThrow(
        /authorization/i,
      );
    }
  });
});

describe('permissions', () => {
  it("permissions are the same for a prefix of several tokens, whose inboxes are its service's own", () => {
    const nested = busPermissions('guarded.staging', { kind: 'verifier', service: 'user' });
    expect(nested.subscribe).toContain('_INBOX.guarded_staging.user.>');
    const staging = busPermissions('guarded', { kind: 'verifier', service: 'staging' });
    expect(staging.subscribe).toContain('_INBOX.guarded.staging.>');
  });

  it.each(['auth', '', 'a.b', '*', '>', 'User', 'a b'])(
    'are not given to a verifier called "%s"',
    (service) => {
      expect(() => busPermissions(PREFIX, { kind: 'verifier', service })).toThrow(TypeError);
    },
  );

  it.each([
    ['_R_.abc', true],
    ['_INBOX.guarded.user.abc', true],
    ['_INBOX.abc', true],
    ['guarded.revocation.v1.session', false],
    ['_INBOX', false],
    ['', false],
  ])('let auth answer at "%s": %s', (subject, expected) => {
    expect(isInbox(subject)).toBe(expected);
  });
});

describe('what is written down', () => {
  it('infra/nats/nats.conf is what the launcher makes', async () => {
    const written = await readFile(join(ROOT, 'infra/nats/nats.conf'), 'utf8');
    expect(written).toBe(natsConfiguration('portcullis', BUS_USERS));
    expect(USERS).toEqual(BUS_USERS);
  });

  it("docs/operations.md shows the permissions of a service of one's own", async () => {
    const text = await readFile(join(ROOT, 'docs/operations.md'), 'utf8');
    const [, shown] = /<!-- the account of orders -->\n\n```\n(.*?)```\n/s.exec(text) ?? [];
    expect(shown).toBe(accountBlock('portcullis', 'orders'));
  });

  it('docs/events.md shows the permissions of a service that reads events', async () => {
    const text = await readFile(join(ROOT, 'docs/events.md'), 'utf8');
    const [, shown] = /<!-- the account of billing -->\n\n```\n(.*?)```\n/s.exec(text) ?? [];
    const durables = EVENT_STREAMS.map((stream) => ({ service: 'billing', stream }));
    expect(shown).toBe(accountBlock('portcullis', 'billing', durables));
  });

  it('docker-compose.yml asks for a password of each user', async () => {
    const text = await readFile(join(ROOT, 'docker-compose.yml'), 'utf8');
    for (const name of BUS_USERS.map(passwordVariable)) {
      expect(text).toContain(`${name}: '"\${PORTCULLIS_${name}:?`);
    }
  });
});

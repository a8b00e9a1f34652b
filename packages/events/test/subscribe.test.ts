/** Durable subscriptions on a real JetStream server. */
import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { subjectsOf } from '@portcullis/bus';
import { newId, type AccountEvent, type RevocationEvent, type UserId } from '@portcullis/contracts';
import { createTestBed, type TestBed } from '@portcullis/testbed';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  subscribeToEvents,
  type EventHandlers,
  type EventSubscriptionOptions,
  type Ignorable,
  type UnknownEvent,
} from '../src/index.ts';

const DURABLE = 'billing';

let bed: TestBed;
let connection: NatsConnection;
let lines: { level: string; text: string }[];

beforeEach(async () => {
  bed = await createTestBed();
  connection = await connectTo(bed.natsUrl);
  lines = [];
});
afterEach(async () => {
  await connection.close();
  await bed.dispose();
});

async function connectTo(url: string): Promise<NatsConnection> {
  const { host, username, password } = new URL(url);
  return connect({
    servers: host,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 50,
    ...(username !== '' && { user: username, pass: decodeURIComponent(password) }),
  });
}

async function makeStreams(): Promise<void> {
  const subjects = subjectsOf(bed.prefix);
  const { streams } = await jetstreamManager(connection);
  await streams.add({ name: subjects.accountStream, subjects: [subjects.accounts] });
  await streams.add({ name: subjects.revocationStream, subjects: [subjects.revocations] });
}

function subscribe(
  handlers: Partial<EventHandlers>,
  options: Partial<EventSubscriptionOptions<Ignorable>> = {},
) {
  const log = (level: string) => (_fields: object, text: string) =>
    void lines.push({ level, text });
  return subscribeToEvents<Ignorable>({
    connection,
    prefix: bed.prefix,
    durable: DURABLE,
    handlers,
    makeConsumers: true,
    logger: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
    ...options,
  });
}

const every = () => ({
  version: 1 as const,
  id: newId('evt'),
  occurred_at: Date.now(),
  actor: { kind: 'system' as const, id: 'test' },
  request_id: 'req_test',
});
const registered = (user_id: UserId): AccountEvent => ({
  ...every(),
  type: 'registered',
  user_id,
  email: 'ada@example.test',
  name: null,
});
const sessionEnded = (): RevocationEvent => ({
  ...every(),
  kind: 'session',
  key: newId('ses'),
  reason: 'logout',
  expires_at: Date.now() + 600_000,
});

async function publishAccount(event: AccountEvent): Promise<void> {
  await publish(subjectsOf(bed.prefix).account(event.type), event);
}
async function publish(subject: string, body: unknown): Promise<void> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  await jetstream(connection).publish(subject, text);
}

describe('subscribeToEvents', () => {
  it('receives revocations and account events by their names, typed', async () => {
    await makeStreams();
    const heard: string[] = [];
    await using events = subscribe({
      session: ({ key, reason }) => void heard.push(`${key} ${reason}`),
      registered: ({ user_id, email }) => void heard.push(`${user_id} ${email}`),
    });
    const [user, session] = [newId('usr'), sessionEnded()];
    await publishAccount(registered(user));
    await publishAccount({ ...every(), type: 'disabled', user_id: user });
    await publish(subjectsOf(bed.prefix).revocation('session'), session);
    await expect
      .poll(() => heard.toSorted())
      .toEqual([`${session.key} logout`, `${user} ada@example.test`]);
    await expect
      .poll(() => events.stats())
      .toEqual({
        handled: 2,
        skipped: 1,
        failed: 0,
        unacknowledged: 0,
        unknown: 0,
        malformed: 0,
      });
  });

  it('says once for each kind what it skips, and whether that was meant', async () => {
    await makeStreams();
    const heard: string[] = [];
    const user_id = newId('usr');
    await using events = subscribe(
      { deleted: () => void heard.push('deleted') },
      { ignored: ['enabled', 'revocations'] },
    );
    for (const type of ['disabled', 'enabled', 'disabled', 'enabled', 'deleted'] as const) {
      await publishAccount({ ...every(), type, user_id });
    }
    await expect.poll(() => heard).toEqual(['deleted']);
    expect(events.stats()).toMatchObject({ handled: 1, skipped: 4 });
    const said = lines.filter(({ text }) => text.includes('skipped'));
    expect(said).toEqual([
      {
        level: 'warn',
        text: 'event without a handler skipped: handle it, or list it in `ignored`',
      },
      { level: 'info', text: 'ignored event skipped' },
    ]);
  });

  it('does not compile without a handler for each event that is not ignored', () => {
    const never = new Promise<NatsConnection>(() => undefined);
    const common = { connection: never, durable: DURABLE };
    const nothing = () => undefined;
    const accounts = {
      registered: nothing,
      'email-changed': nothing,
      'profile-changed': nothing,
      disabled: nothing,
      enabled: nothing,
      'roles-changed': nothing,
      deleted: nothing,
    };
    const { deleted: _, ...withoutDeleted } = accounts;
    return Promise.all(
      [
        subscribeToEvents({ ...common, handlers: accounts, ignored: ['revocations'] }),
        subscribeToEvents({
          ...common,
          handlers: { ...withoutDeleted, session: ({ key }) => void key.length },
          ignored: [
            'token',
            'subject',
            'claims_changed',
            'client',
            'client_subject',
            'key',
            'issuer',
            'deleted',
          ],
        }),
        // @ts-expect-error -- nothing is said of revocations
        subscribeToEvents({ ...common, handlers: accounts }),
        subscribeToEvents({
          ...common,
          // @ts-expect-error -- nothing is said of `deleted`
          handlers: withoutDeleted,
          ignored: ['revocations'],
        }),
        // @ts-expect-error -- there is no such event
        subscribeToEvents({ ...common, handlers: accounts, ignored: ['revocation'] }),
      ].map((events) => events[Symbol.asyncDispose]()),
    );
  });

  it('gets events from while it was down, and from before the streams existed', async () => {
    const heard: string[] = [];
    const handlers = { registered: ({ user_id }: { user_id: string }) => void heard.push(user_id) };
    const [first, second] = [newId('usr'), newId('usr')];
    {
      await using events = subscribe(handlers);
      await makeStreams();
      await publishAccount(registered(first));
      await expect.poll(() => heard, { timeout: 8_000 }).toEqual([first]);
      await expect.poll(() => events.stats().handled).toBe(1);
      await sleep(100); // the acknowledgement is on its way
    }
    await publishAccount(registered(second));
    await using events = subscribe(handlers);
    await expect.poll(() => heard).toEqual([first, second]);
    expect(events.stats().handled).toBe(1);
  });

  it('delivers again what a handler did not manage, and goes on with the rest meanwhile', async () => {
    await makeStreams();
    const attempts: { at: number; user: string }[] = [];
    const [bad, good] = [newId('usr'), newId('usr')];
    await using events = subscribe({
      registered: async ({ user_id }) => {
        attempts.push({ at: performance.now(), user: user_id });
        const tries = attempts.filter(({ user }) => user === user_id).length;
        if (user_id === bad && tries < 3) throw new Error('the database is away');
      },
    });
    await publishAccount(registered(bad));
    await publishAccount(registered(good));
    await expect.poll(() => attempts.length, { timeout: 8_000 }).toBe(4);
    expect(attempts.slice(0, 2).map(({ user }) => user)).toEqual([bad, good]);
    const at = attempts.filter(({ user }) => user === bad).map((attempt) => attempt.at);
    expect(at[1]! - at[0]!).toBeGreaterThan(150);
    expect(at[2]! - at[1]!).toBeGreaterThan(350);
    await expect.poll(() => events.stats()).toMatchObject({ failed: 2, handled: 2 });
    await sleep(300);
    expect(attempts).toHaveLength(4);
  });

  it('reports an unknown version or kind, drops it with a line in the log, and counts it', async () => {
    await makeStreams();
    const unknown: UnknownEvent[] = [];
    const heard: string[] = [];
    let refuse = true;
    await using events = subscribe(
      { session: ({ key }) => void heard.push(key), registered: () => undefined },
      {
        onUnknown: (event) => {
          if (event.version === 2 && refuse) {
            refuse = false;
            throw new Error('not now');
          }
          unknown.push(event);
        },
      },
    );
    const { prefix } = bed;
    const good = sessionEnded();
    await publish(`${prefix}.revocation.v1.galaxy`, { ...sessionEnded(), kind: 'galaxy' });
    await publish(`${prefix}.revocation.v1.session`, { ...sessionEnded(), version: 2 });
    await publish(`${prefix}.user.v1.registered`, 'not json');
    await publish(`${prefix}.user.v1.registered`, { ...registered(newId('usr')), email: 7 });
    await publish(`${prefix}.revocation.v1.session`, good);
    await expect
      .poll(() => events.stats(), { timeout: 8_000 })
      .toEqual({
        handled: 1,
        failed: 1,
        unacknowledged: 0,
        skipped: 0,
        unknown: 2,
        malformed: 2,
      });
    expect(heard).toEqual([good.key]);
    expect(unknown.map(({ name, version }) => `${name} ${String(version)}`)).toEqual([
      'galaxy 1',
      'session 2',
    ]);
    const errors = lines.filter(({ level }) => level === 'error').map(({ text }) => text);
    expect(errors.toSorted()).toEqual([
      'malformed event dropped',
      'malformed event dropped',
      'unknown event dropped',
      'unknown event dropped',
    ]);
    // Terminated, not acknowledged: nothing is pending, and nothing comes again.
    const { consumers } = await jetstreamManager(connection);
    const { revocationStream } = subjectsOf(prefix);
    const pending = async () => (await consumers.info(revocationStream, DURABLE)).num_ack_pending;
    await expect.poll(pending).toBe(0);
  });

  it('outlives NATS, and a consumer that was deleted', async () => {
    await makeStreams();
    const heard = new Set<string>();
    await using events = subscribe({ registered: ({ user_id }) => void heard.add(user_id) });
    const users = [newId('usr'), newId('usr'), newId('usr')] as const;
    await publishAccount(registered(users[0]));
    await expect.poll(() => heard.size).toBe(1);
    bed.proxies.nats.cut();
    await sleep(200);
    bed.proxies.nats.mend();
    await expect.poll(() => connection.flush().then(() => true)).toBe(true);
    await publishAccount(registered(users[1]));
    await expect.poll(() => heard.size, { timeout: 15_000 }).toBe(2);
    const { consumers } = await jetstreamManager(connection);
    await consumers.delete(subjectsOf(bed.prefix).accountStream, DURABLE);
    await publishAccount(registered(users[2]));
    await expect.poll(() => heard.has(users[2]), { timeout: 20_000 }).toBe(true);
    expect(events.stats().malformed).toBe(0);
  }, 40_000);

  it('reads a consumer that another user has made, and makes none unless configured to', async () => {
    await makeStreams();
    const { accountStream, accounts } = subjectsOf(bed.prefix);
    const heard: string[] = [];
    await using events = subscribe(
      { registered: ({ user_id }) => void heard.push(user_id) },
      { makeConsumers: false },
    );
    const user = newId('usr');
    await publishAccount(registered(user));
    await sleep(500);
    expect(heard).toEqual([]);
    const { consumers } = await jetstreamManager(connection);
    await consumers.add(accountStream, {
      durable_name: DURABLE,
      filter_subject: accounts,
      ack_policy: AckPolicy.Explicit,
    });
    await expect.poll(() => heard, { timeout: 8_000 }).toEqual([user]);
    expect(events.stats().handled).toBe(1);
  });

  it('ends while it still waits for NATS', async () => {
    const never = new Promise<NatsConnection>(() => undefined);
    const events = subscribe({ registered: () => undefined }, { connection: never });
    await events[Symbol.asyncDispose]();
  });

  it('refuses what cannot be meant', () => {
    expect(() => subscribe({})).toThrow(TypeError);
    expect(() => subscribe({ registered: () => undefined }, { durable: 'a.b' })).toThrow(TypeError);
  });
});

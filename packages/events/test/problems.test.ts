/** What a service sees of permissions that are missing, on a NATS of this file's own. */
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { subjectsOf } from '@portcullis/bus';
import { newId } from '@portcullis/contracts';
import { startPrivateNats, type PrivateNats } from '@portcullis/testbed';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { subscribeToEvents } from '../src/index.ts';

const MAKER = { user: 'maker', pass: 'of the maker' };
const BILLING = { user: 'billing', pass: 'of billing' };
const { accountStream: STREAM, account, accounts } = subjectsOf('portcullis');
const NOTHING = '["nothing"]';
/** What the server takes from its environment the next time that it starts. */
const env = { DENIED: NOTHING };

let nats: PrivateNats;
let maker: NatsConnection;
let billing: NatsConnection;

const as = async (user: typeof MAKER) =>
  await connect({
    ...user,
    servers: new URL(nats.url).host,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 50,
    ignoreAuthErrorAbort: true,
  });

async function begin(denied: string[]): Promise<void> {
  env.DENIED = denied.length === 0 ? NOTHING : JSON.stringify(denied);
  nats = await startPrivateNats({
    configuration: `listen: $NATS_LISTEN
jetstream { store_dir: $NATS_STORE_DIR }
authorization { users: [
  { user: ${MAKER.user}, password: "${MAKER.pass}" }
  {
    user: ${BILLING.user}, password: "${BILLING.pass}"
    permissions: {
      publish: { allow: ["$JS.API.CONSUMER.*.${STREAM}.billing", "$JS.API.CONSUMER.MSG.NEXT.${STREAM}.billing", "$JS.ACK.>"], deny: $DENIED }
      subscribe: "_INBOX.>"
    }
  }
] }`,
    env,
    ...MAKER,
  });
  [maker, billing] = await Promise.all([as(MAKER), as(BILLING)]);
  const { streams, consumers } = await jetstreamManager(maker);
  await streams.add({ name: STREAM, subjects: [accounts] });
  await consumers.add(STREAM, {
    durable_name: 'billing',
    filter_subject: accounts,
    ack_policy: 'explicit',
    ack_wait: 1_000_000_000,
  });
}

let lines: { level: string; text: string }[];
let handled: number;
beforeEach(() => {
  lines = [];
  handled = 0;
});
afterEach(async () => {
  await Promise.all([maker?.close(), billing?.close()]);
  await nats?.[Symbol.asyncDispose]();
});

function listen(logged = true) {
  const log = (level: string) => (_fields: object, text: string) => lines.push({ level, text });
  return subscribeToEvents({
    connection: billing,
    durable: 'billing',
    handlers: { enabled: () => void (handled += 1) },
    ignored: [
      ...(['revocations', 'registered', 'email-changed', 'profile-changed'] as const),
      ...(['disabled', 'roles-changed', 'deleted'] as const),
    ],
    ...(logged && {
      logger: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
    }),
  });
}

async function publish(): Promise<void> {
  const event = {
    version: 1,
    id: newId('evt'),
    type: 'enabled',
    occurred_at: Date.now(),
    actor: { kind: 'system', id: 'test' },
    request_id: 'req_test',
    user_id: newId('usr'),
  };
  await jetstream(maker).publish(account('enabled'), JSON.stringify(event));
}

const errors = () => lines.filter(({ level }) => level === 'error').map(({ text }) => text);

it('logs once that NATS denies acknowledgements, and once that they get through again', async () => {
  await begin(['$JS.ACK.>']);
  await using events = listen();
  await publish();
  await expect
    .poll(() => events.problems())
    .toEqual([
      {
        cannot: 'acknowledge',
        stream: STREAM,
        durable: 'billing',
        reason: expect.stringContaining('$JS.ACK.'),
      },
    ]);
  await expect.poll(() => events.stats().unacknowledged, { timeout: 10_000 }).toBeGreaterThan(1);
  expect(handled).toBeGreaterThan(1); // again and again, since NATS hears of nothing
  expect(errors()).toEqual([expect.stringContaining('acknowledgements do not arrive')]);

  env.DENIED = NOTHING;
  await nats.restart();
  await expect.poll(() => events.problems(), { timeout: 15_000 }).toEqual([]);
  expect(lines.map(({ text }) => text)).toContain('acknowledgements arrive again');
}, 60_000);

it('says at once that it may not read, and reads as soon as it may', async () => {
  await begin(['$JS.API.>']);
  await using events = listen();
  await publish();
  await expect.poll(() => events.problems().map(({ cannot }) => cannot)).toEqual(['read']);
  expect(errors()).toEqual([expect.stringContaining('no event arrives')]);

  env.DENIED = NOTHING;
  await nats.restart();
  await expect.poll(() => handled, { timeout: 15_000 }).toBe(1);
  expect(events.problems()).toEqual([]);
}, 60_000);

it('says that it may see its consumer and not pull, and reads as soon as it may', async () => {
  await begin([`$JS.API.CONSUMER.MSG.NEXT.${STREAM}.billing`]);
  await using events = listen();
  await publish();
  const failed = () => lines.filter(({ text }) => text === 'cannot consume yet');
  await expect.poll(failed, { timeout: 10_000 }).toHaveLength(1);
  const late = performance.now() + 16_000;
  const now = vi.spyOn(performance, 'now').mockReturnValue(late);
  try {
    const cannot = () => events.problems().map((problem) => problem.cannot);
    await vi.waitUntil(() => cannot().includes('read'), { timeout: 15_000 });
  } finally {
    now.mockRestore();
  }
  expect(errors()).toEqual([expect.stringContaining('no event arrives')]);

  env.DENIED = NOTHING;
  await nats.restart();
  await expect.poll(() => handled, { timeout: 15_000 }).toBe(1);
  expect(events.problems()).toEqual([]);
}, 60_000);

it('warns the process where there is no logger', async () => {
  await begin(['$JS.API.>']);
  const warned: Error[] = [];
  const hear = (warning: Error) => void warned.push(warning);
  process.on('warning', hear);
  try {
    await using _events = listen(false);
    await expect.poll(() => warned.map(({ name }) => name)).toContain('PortcullisEvents');
    expect(warned.map(({ message }) => message).join()).toContain('no event arrives');
  } finally {
    process.off('warning', hear);
  }
});

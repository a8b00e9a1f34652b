/** One call for the usual case, on a real NATS and a real auth over HTTP. */
import {
  startTcpProxy,
  appDatabase,
  createTestBed,
  ensureMachineClient,
  startAuth,
  startPrivateNats,
  type AuthProcess,
  type PrivateNats,
  type TestBed,
} from '@portcullis/testbed';
import { connect } from '@nats-io/transport-node';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  connectVerifier,
  type ConnectVerifierOptions,
  type VerifierMetric,
} from '@portcullis/verify/connect';
import { Refusal, type Verifier } from '@portcullis/verify';

const SECRET = 'secret of orders, of 32 characters';

let bed: TestBed<'auth'>;
let nats: PrivateNats;
let auth: AuthProcess;

beforeAll(async () => {
  bed = await createTestBed({ databases: { auth: appDatabase('auth') } });
  nats = await startPrivateNats();
  auth = await startAuth(bed, { NATS_URL: nats.url });
  await ensureMachineClient(auth, {
    id: 'cli_orders',
    name: 'orders',
    scope: 'revocations:read tokens:introspect',
    secret: SECRET,
  });
}, 120_000);

afterAll(async () => {
  await bed.dispose();
  await nats[Symbol.asyncDispose]();
});

const usual = (): ConnectVerifierOptions => ({
  issuer: auth.issuer,
  audience: 'urn:portcullis:user',
  service: 'orders',
  nats: nats.url,
  prefix: bed.prefix,
  client: { id: 'cli_orders', secret: SECRET },
});

async function tokenOf(): Promise<string> {
  const answer = await post('/v1/login', '', auth.administrator);
  const { access_token: token } = answer;
  return typeof token === 'string' ? token : '';
}

async function post(path: string, token: string, body: unknown): Promise<Record<string, unknown>> {
  const answer = await fetch(`${auth.url}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token !== '' && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
  expect(answer.ok).toBe(true);
  return Object.fromEntries(Object.entries(await answer.json()));
}

const outcome = (verifier: Verifier, token: string): Promise<string> =>
  verifier.verify(token).then(
    () => 'accepted',
    (error: unknown) => (error instanceof Refusal ? error.code : 'failed'),
  );

it('accepts a token, and refuses it once the receipt of its logout is there', async () => {
  await using verifier = await connectVerifier(usual());
  await verifier.ready(AbortSignal.timeout(10_000));
  const token = await tokenOf();
  expect(await outcome(verifier, token)).toBe('accepted');
  expect(await post('/v1/logout', token, {})).toMatchObject({ confirmed: 1, expected: 1 });
  expect(await outcome(verifier, token)).toBe('invalid_token');
});

it('has grants by HTTP while NATS is down from the start, and pushes once it is there', async () => {
  await nats.process.stop();
  await using verifier = await connectVerifier({ ...usual(), onProblem: () => undefined });
  await verifier.ready(AbortSignal.timeout(10_000));
  const token = await tokenOf();
  expect(await outcome(verifier, token)).toBe('accepted');
  await nats.restart();
  // Heard by the push: a grant names what it has brought, and that nothing is left to apply.
  const applied = new Promise<number>((resolve) => {
    verifier.onApplied((_event, lagMs) => resolve(lagMs));
  });
  await expect.poll(() => verifier.problems(), { timeout: 20_000 }).toEqual([]);
  await post('/v1/logout', token, {});
  await applied;
  expect(await outcome(verifier, token)).toBe('invalid_token');
}, 60_000);

it('comes back after each restart of NATS, without a client too', async () => {
  const { client: _none, ...others } = usual();
  await using verifier = await connectVerifier({ ...others, onProblem: () => undefined });
  await verifier.ready(AbortSignal.timeout(10_000));
  for (let round = 0; round < 3; round += 1) {
    await nats.restart();
    const grants = verifier.stats().grants;
    await expect
      .poll(() => verifier.stats().grants, { timeout: 20_000 })
      .toBeGreaterThan(grants + 1);
    expect(verifier.state).toBe('LIVE');
  }
}, 90_000);

it('says once that it is stale while NATS is unavailable, and once that this is over', async () => {
  const warnings: string[] = [];
  const note = ({ message }: Error): void => {
    if (message.includes('the verifier of orders')) warnings.push(message);
  };
  process.on('warning', note);
  try {
    const { client: _none, ...others } = usual();
    await using verifier = await connectVerifier(others);
    await verifier.ready(AbortSignal.timeout(10_000));
    await nats.process.stop();
    await expect.poll(() => verifier.state, { timeout: 20_000 }).toBe('STALE');
    await expect.poll(() => warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(
      /^portcullis: the verifier of orders is STALE since \S+Z: the link /,
    );
    await nats.restart();
    await expect.poll(() => verifier.state, { timeout: 20_000 }).toBe('LIVE');
    await expect.poll(() => warnings).toHaveLength(2);
    expect(warnings[1]).toMatch(
      /^portcullis: the verifier of orders is LIVE again, after \S+ m?s$/,
    );
  } finally {
    process.off('warning', note);
  }
}, 60_000);

it('tells a collector what it counts', async () => {
  let metrics: readonly VerifierMetric[] = [];
  await using verifier = await connectVerifier({
    ...usual(),
    metrics: (all) => {
      metrics = all;
    },
  });
  await verifier.ready(AbortSignal.timeout(10_000));
  await outcome(verifier, await tokenOf());
  const read = Object.fromEntries(metrics.map(({ name, read: value }) => [name, value()]));
  expect(read).toMatchObject({
    portcullis_verifier_tokens_accepted_total: 1,
    portcullis_verifier_tokens_refused_total: 0,
  });
  expect(read['portcullis_verifier_grants_total']).toBeGreaterThan(0);
  expect(read['portcullis_verifier_freshness_left_seconds']).toBeGreaterThan(0);
});

it('closes the connection that it has made, and no other one', async () => {
  const { hostname: host, port } = new URL(nats.url);
  await using proxy = await startTcpProxy({ host, port: Number(port) });
  const verifier = await connectVerifier({ ...usual(), nats: proxy.through(nats.url) });
  await verifier.ready(AbortSignal.timeout(10_000));
  await expect.poll(() => proxy.open).toBe(1);
  await verifier[Symbol.asyncDispose]();
  await expect.poll(() => proxy.open).toBe(0);

  const connection = await connect({ servers: `${proxy.host}:${proxy.port}` });
  const other = await connectVerifier({ ...usual(), nats: connection });
  await other.ready(AbortSignal.timeout(10_000));
  await other[Symbol.asyncDispose]();
  expect(connection.isClosed()).toBe(false);
  expect(proxy.open).toBe(1);
  await connection.close();
});

it('closed before there was a connection, it makes none', async () => {
  const connections: unknown[] = [];
  const silent = createServer((socket) => connections.push(socket));
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const address = silent.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  try {
    const verifier = await connectVerifier({
      ...usual(),
      nats: `nats://127.0.0.1:${port}`,
      onProblem: () => undefined,
    });
    await expect.poll(() => connections.length).toBeGreaterThan(0);
    await verifier[Symbol.asyncDispose]();
    // An attempt that was under way ends, and no other one begins.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const attempts = connections.length;
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(connections.length).toBe(attempts);
  } finally {
    silent.close();
  }
}, 30_000);

it.each([
  ['nats', { nats: undefined }],
  ['nats', { nats: 'localhost' }],
  ['nats', { nats: '' }],
  ['client.secret', { client: { id: 'cli_orders', secret: undefined } }],
  ['client.id', { client: { id: '', secret: SECRET } }],
  ['service', { service: 'Orders' }],
  ['prefix', { prefix: 'a b' }],
  ['audience', { audience: '' }],
] as const)('throws a TypeError that names %s, and connects to nothing', async (option, wrong) => {
  const failure = await connectVerifier({ ...usual(), ...wrong }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(TypeError);
  expect(String(failure)).toContain(`${option} has to be`);
  expect(String(failure)).not.toContain(SECRET);
});

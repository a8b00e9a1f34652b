/** What `connectVerifier` has begun when its caller gets no verifier. The rest is in infra/test/e2e/connect-verifier.test.ts. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { connectVerifier } from '../src/connect/index.ts';

/** Milliseconds, in which a verifier that is left would have tried again. */
const SOME_RETRIES_MS = 1_000;

const defect = new Error('a metric of that name is registered already');

it.each([
  [
    'refuses',
    () => {
      throw defect;
    },
  ],
  [
    'refuses later',
    async () => {
      await sleep(10);
      throw defect;
    },
  ],
])('a collector that %s the metrics leaves nothing that goes on connecting', async (_, metrics) => {
  let connections = 0;
  await using server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;

  const connecting = connectVerifier({
    issuer: 'https://auth.example',
    audience: 'urn:portcullis:user',
    service: 'orders',
    nats: `nats://orders:orders@127.0.0.1:${port}`,
    onProblem: () => undefined,
    metrics,
  });

  await expect(connecting).rejects.toBe(defect);
  const before = connections;
  await sleep(SOME_RETRIES_MS);
  expect(connections - before).toBeLessThanOrEqual(1);
});

const CLIENT = { id: 'cli_orders', secret: 'a secret' };
const SETTINGS = {
  issuer: 'https://auth.example',
  audience: 'urn:acme:orders',
  service: 'orders',
  nats: 'nats://127.0.0.1:1',
  client: CLIENT,
};

it.each([
  ['issuer', 'undefined', { issuer: undefined }, 'PORTCULLIS_ISSUER'],
  ['issuer', 'empty', { issuer: '' }, 'PORTCULLIS_ISSUER'],
  ['audience', 'empty', { audience: '' }, 'PORTCULLIS_AUDIENCE'],
  ['nats', 'undefined', { nats: undefined }, 'NATS_URL'],
  ['client.id', 'undefined', { client: { ...CLIENT, id: undefined } }, 'PORTCULLIS_CLIENT_ID'],
  ['client.secret', 'empty', { client: { ...CLIENT, secret: '' } }, 'PORTCULLIS_CLIENT_SECRET'],
])('asks for the file of settings where %s is %s', async (option, missing, wrong, variable) => {
  const given: object = { ...SETTINGS, ...wrong };
  const failure = await connectVerifier(given as typeof SETTINGS).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(TypeError);
  expect(String(failure)).toContain(`connectVerifier: ${option} has to be`);
  expect(String(failure)).toContain(`it is ${missing}: was the process started with --env-file=…?`);
  expect(String(failure)).toContain(`There it is ${variable}, unless you read another`);
});

it('names the variable of an issuer that is no URL', async () => {
  const connecting = connectVerifier({ ...SETTINGS, issuer: 'auth.example' });
  await expect(connecting).rejects.toThrow(
    /^connectVerifier: issuer has to be a URL; is PORTCULLIS_ISSUER right\?$/,
  );
});

it.each([
  ['servce', 'service', { servce: 'orders', service: undefined }],
  ['whenStle', 'whenStale', { whenStle: { policy: 'accept' } }],
  ['Audience', 'audience', { Audience: 'urn:acme:orders', audience: undefined }],
  [
    'client.sekret',
    'client.secret',
    { client: { ...CLIENT, sekret: 'a secret', secret: undefined } },
  ],
])('says of %s, which is no option, that %s is the nearest', async (typed, meant, wrong) => {
  const given: object = { ...SETTINGS, ...wrong };
  const connecting = connectVerifier(given as typeof SETTINGS);
  await expect(connecting).rejects.toThrow(
    new TypeError(`connectVerifier: there is no option ${typed}; the nearest is ${meant}`),
  );
});

it('leaves out what is near no option, or near one that is there', async () => {
  const more = { port: 4010, title: 'orders', name: 'orders', audiences: [], prefixes: [] };
  const client = { ...CLIENT, secrets: [] };
  const given = { ...SETTINGS, onProblem: () => undefined, prefix: 'portcullis', ...more, client };
  const verifier = await connectVerifier(given);
  await verifier[Symbol.asyncDispose]();
});

it('asks for no file of settings where one is wrong', async () => {
  for (const wrong of [{ issuer: 'auth' }, { nats: 'localhost' }]) {
    const failure = await connectVerifier({ ...SETTINGS, ...wrong }).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(TypeError);
    expect(String(failure)).not.toContain('env-file');
  }
});

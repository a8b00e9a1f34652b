/** One mistake of an operator in each verifier, all started together: what each of them says within 5 s. */
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { startPrivateNats, type PrivateNats } from '@portcullis/testbed';
import { createTestIssuer, type TestIssuer } from '@portcullis/testkit';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { httpGrants } from '../../src/feeds/http/index.ts';
import {
  createVerifier,
  withFallback,
  type Verifier,
  type VerifierOptions,
} from '../../src/index.ts';
import { connectVerifier } from '../../src/connect/index.ts';
import { inboxPrefix, natsFeed } from '../../src/feeds/nats/index.ts';

const WITHIN_MS = 5_000;

let issuer: TestIssuer;
let nats: PrivateNats;
const connections: NatsConnection[] = [];
const servers: Server[] = [];
const verifiers: Verifier[] = [];
/** What `ready()` has come to, by service. */
const outcomes = new Map<string, string>();
/** What the process was warned of within the time. */
const warnings: string[] = [];

beforeAll(async () => {
  const note = ({ message }: Error): void => void warnings.push(message);
  process.on('warning', note);
  issuer = await createTestIssuer();
  nats = await startPrivateNats({
    configuration: `listen: $NATS_LISTEN
accounts {
  elsewhere: { users: [{ user: lonely, password: lonely }] }
  here: { users: [
    { user: launcher, password: launcher }
    { user: other, password: other, permissions: { publish: ["portcullis.grant.other"], subscribe: ["_INBOX.>", "portcullis.>"] } }
    { user: shop, password: shop, permissions: { publish: ["portcullis.grant.shop"], subscribe: ["${inboxPrefix('portcullis', 'shop')}.>", "portcullis.>"] } }
  ] }
}`,
    env: {},
    user: 'launcher',
    pass: 'launcher',
  });
  const start = async (service: string, options: Partial<VerifierOptions>): Promise<Verifier> => {
    const verifier = await createVerifier({
      issuer: issuer.issuer,
      audience: issuer.audience,
      service,
      feed: issuer.revocations.feed(),
      ...options,
    });
    watched(service, verifier);
    return verifier;
  };
  const by = async (user: string) => {
    const connection = await connect({ servers: new URL(nats.url).host, user, pass: user });
    connections.push(connection);
    return natsFeed({ connection });
  };
  const refusing = await serve((_request, response) => response.writeHead(401).end('{}'));
  const client = { authUrl: refusing, clientId: 'cli_orders', clientSecret: 'another' };
  await start('w6-user', { feed: await by('other') });
  await start('w6-account', { feed: await by('lonely') });
  await start('w6-secret', { feed: withFallback(await by('lonely'), httpGrants(client)) });
  const forbidding = await serve((_request, response) => response.writeHead(403).end('{}'));
  const others = { ...client, authUrl: forbidding };
  await start('w6-client', { feed: withFallback(await by('lonely'), httpGrants(others)) });
  const missing = await serve((_request, response) => response.writeHead(404).end('{}'));
  const nowhere = { ...client, authUrl: missing };
  await start('w6-path', { feed: withFallback(await by('lonely'), httpGrants(nowhere)) });
  // As a service does whose name is misspelt where it connects.
  const address = `nats://shop:shop@${new URL(nats.url).host}`;
  const { issuer: from, audience } = issuer;
  watched(
    'shops',
    await connectVerifier({ issuer: from, audience, service: 'shops', nats: address }),
  );
  const closed = await serve(() => undefined);
  const at = closed.replace('127.0.0.1', 'localhost');
  servers.at(-1)?.close();
  await start('w6-address', { issuer: at });
  const spelt = await start('w6-audience', { audience: 'urn:portcullis:another' });
  // As an issuer that is reached by two names: it has one.
  const keySet = JSON.stringify({ keys: [issuer.publicJwk()] });
  const named = await serve(({ url, headers: { host = '' } }, response) => {
    const name = `http://${host.replace('127.0.0.1', 'localhost')}`;
    const isMetadata = url?.startsWith('/.well-known/oauth-authorization-server') === true;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(isMetadata ? JSON.stringify({ issuer: name }) : keySet);
  });
  await start('w6-issuer', { issuer: named });
  await start('w6-slash', { issuer: `${named.replace('127.0.0.1', 'localhost')}/` });
  await spelt.ready();
  await spelt.verify(await issuer.mint()).catch(() => undefined);
  const deadline = performance.now() + WITHIN_MS + 2_000;
  while (outcomes.size < verifiers.length && performance.now() < deadline) await sleep(20);
  process.off('warning', note);
}, 30_000);
afterAll(async () => {
  for (const verifier of verifiers) await verifier[Symbol.asyncDispose]();
  for (const connection of connections) await connection.close();
  for (const server of servers) server.close();
  await nats[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});

function watched(service: string, verifier: Verifier): void {
  verifiers.push(verifier);
  verifier.ready(AbortSignal.timeout(WITHIN_MS)).then(
    () => outcomes.set(service, 'ready'),
    (error: unknown) => outcomes.set(service, String(error)),
  );
}

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const warning = (of: string | RegExp) => warnings.find((text) => text.match(of) !== null) ?? 'none';

it('W6: a NATS user that is not the one of the service', () => {
  expect(outcomes.get('w6-user')).toMatch(/not let this user publish to portcullis\.\S*w6-user/);
  expect(warning('w6-user')).toMatch(/not let this user publish/);
});

it('W6: a service by another name than that of its NATS user: both places are named', () => {
  expect(outcomes.get('shops')).toMatch(
    /not let this user (?:publish to|hear answers below) \S+shops/,
  );
  for (const service of ['shops', 'w6-user']) {
    expect(outcomes.get(service)).toMatch(
      /the option `service` and the user .*\(NATS_URL\) have to be one name/,
    );
  }
});

it('W6: a client that may not do that: whose it has to be, and what names it', () => {
  const said = outcomes.get('w6-client');
  expect(said).toMatch(/\/v1\/\S+ was answered 403: the client may not do that/);
  expect(said).toMatch(/of another service.*PORTCULLIS_CLIENT_ID.*npm run service -- list/);
});

it('W6: an address without grants: the option that gave it', () => {
  expect(outcomes.get('w6-path')).toMatch(/was answered 404: check authUrl, or issuer/);
});

it('W6: a verifier in a NATS account that auth does not use reports it within 5 s', () => {
  expect(outcomes.get('w6-account')).toMatch(/w6-account in this NATS account/);
  expect(warning('w6-account')).toMatch(/account/);
});

it('W6: a client secret that auth does not know', () => {
  expect(outcomes.get('w6-secret')).toMatch(
    /\/v1\/\S+ was answered 401: auth has refused the cred/,
  );
  expect(outcomes.get('w6-secret')).not.toContain('no answer');
  for (const name of ['client.secret', 'PORTCULLIS_CLIENT_SECRET', 'npm run service -- list']) {
    expect(outcomes.get('w6-secret')).toContain(name);
  }
  expect(warning('clientSecret')).toMatch(/401/);
  expect(outcomes.get('w6-secret')).not.toContain('another');
});

it('W6: an address at which there is no auth', () => {
  expect(outcomes.get('w6-address')).toMatch(
    /no key from http:\/\/localhost:\d+\S*: .*ECONNREFUSED/,
  );
  expect(warning('localhost:.*ECONNREFUSED')).not.toBe('none');
});

it('W6: an issuer by another spelling than its own', () => {
  expect(outcomes.get('w6-issuer')).toMatch(
    /127\.0\.0\.1:\d+ calls itself http:\/\/localhost:\d+,/,
  );
  expect(outcomes.get('w6-slash')).toMatch(/localhost:\d+\/ calls itself http:\/\/localhost:\d+,/);
  expect(warning('calls itself')).not.toBe('none');
});

it('W6: an audience that no token has', () => {
  expect(warning('urn:portcullis:another')).toMatch(/are for urn:portcullis:test/);
});

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createMachineClient } from '../src/index.ts';
import { FakeServices } from './fake-services.ts';

let services: FakeServices;
beforeEach(async () => {
  services = await new FakeServices().listen();
});
afterEach(async () => services[Symbol.asyncDispose]());

const clientOf = (clientSecret = 'secret') =>
  createMachineClient({ authUrl: services.url, clientId: 'cli_test', clientSecret });

test('50 calls at once fetch one token, and later calls use it', async () => {
  const client = clientOf();
  await Promise.all(Array.from({ length: 50 }, () => client.verifiers.list.query()));
  await client.verifiers.list.query();
  expect(services.calls('/oauth2/token')).toHaveLength(1);
  expect(services.calls('verifiers.list')).toHaveLength(51);
});

test('a token is fetched anew shortly before it expires', async () => {
  const client = clientOf();
  await client.verifiers.list.query();
  const clock = performance.now.bind(performance);
  vi.spyOn(performance, 'now').mockImplementation(() => clock() + 580_000);
  await client.verifiers.list.query();
  expect(services.calls('/oauth2/token')).toHaveLength(2);
  expect(services.calls('verifiers.list')).toHaveLength(2);
});

test('refused tokens: 50 calls fetch one new token, and each is sent again once', async () => {
  const client = clientOf();
  await client.verifiers.list.query();
  services.validAccess = 'another one';
  await Promise.all(Array.from({ length: 50 }, () => client.verifiers.list.query()));
  expect(services.calls('/oauth2/token')).toHaveLength(2);
  services.refuseAll = true;
  await expect(client.verifiers.list.query()).rejects.toMatchObject({ code: 'invalid_token' });
  expect(services.calls('verifiers.list')).toHaveLength(1 + 100 + 2);
});

test('both parts of the credentials are form-urlencoded before base64 (RFC 6749 section 2.3.1)', async () => {
  await clientOf('a b:c%ü').verifiers.list.query();
  const [basic = ''] = services.machineBasics;
  expect(atob(basic.replace('Basic ', ''))).toBe('cli_test:a+b%3Ac%25%C3%BC');
});

test.each([
  ['invalid_client', 'invalid_credentials'],
  ['invalid_scope', 'insufficient_scope'],
  ['invalid_target', 'invalid_request'],
  ['invalid_dpop_proof', 'invalid_dpop_proof'],
  ['temporarily_unavailable', 'unavailable'],
  ['constructor', 'protocol'],
])('the OAuth error %s is the code %s', async (error, code) => {
  services.machineFailure = { error };
  await expect(clientOf().verifiers.list.query()).rejects.toMatchObject({
    name: 'PortcullisError',
    code,
    status: 401,
    requestId: 'req_oauth',
  });
});

test('a failed request for a token is not remembered', async () => {
  const client = clientOf();
  services.machineFailure = { error: 'invalid_client' };
  await expect(client.verifiers.list.query()).rejects.toThrow();
  services.machineFailure = undefined;
  await client.verifiers.list.query();
});

test('the request id of a call travels', async () => {
  await clientOf().verifiers.list.query(undefined, { context: { requestId: 'req_admin' } });
  expect(services.calls('verifiers.list')).toMatchObject([{ requestId: 'req_admin' }]);
});

test('an address that is no address of a service is refused at once', () => {
  const options = { authUrl: 'ftp://example.test', clientId: 'cli_test', clientSecret: 's' };
  expect(() => createMachineClient(options)).toThrow(TypeError);
});

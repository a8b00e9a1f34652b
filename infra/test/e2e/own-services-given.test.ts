/** `npm run service` where `npm start` was given a NATS: what to add to it is printed, and nothing pretended. */
import { startPrivateNats, type PrivateNats } from '@portcullis/testbed';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OwnSystem } from '../own-system.ts';

const LAUNCHER = { user: 'launcher', pass: 'a password of the launcher' };
const ADD = ['add', 'orders', '--audience', 'urn:acme:orders'];

let nats: PrivateNats;
let system: OwnSystem;

const configuration = (more = ''): string => `listen: $NATS_LISTEN
jetstream { store_dir: $NATS_STORE_DIR }
authorization { users: [ { user: ${LAUNCHER.user}, password: "${LAUNCHER.pass}" }${more} ] }
`;

beforeAll(async () => {
  nats = await startPrivateNats({ configuration: configuration(), env: {}, ...LAUNCHER });
  system = await OwnSystem.start({ NATS_URL: nats.url });
}, 300_000);

afterAll(async () => {
  await system?.[Symbol.asyncDispose]();
  await nats?.[Symbol.asyncDispose]();
}, 60_000);

it('prints the account, says that it is not ready, and is ready once NATS has it', async () => {
  const { status, output } = await system.service(...ADD);
  expect({ status, output }).toMatchObject({ status: 1 });
  expect(output).toContain('orders is not ready: ');
  expect(output).not.toContain('orders is ready');
  expect(output).toContain('  ORDERS {\n');
  expect(output).toContain('user: orders, password: $NATS_ORDERS_PASSWORD');
  expect(output).toMatch(
    /^Fix: add the account to your NATS, as above; then: npm run service -- add orders /m,
  );

  const settings = (await system.files())['services/orders.env'] ?? '';
  const url = new URL(/^NATS_URL=(.*)$/m.exec(settings)?.[1] ?? '');
  expect(url.username).toBe('orders');
  expect(output).not.toContain(url.password);
  expect(settings).not.toContain(encodeURIComponent(LAUNCHER.pass));
  await nats.reload(configuration(`, { user: orders, password: "${url.password}" }`));
  expect(await system.service(...ADD)).toMatchObject({
    status: 0,
    output: expect.stringContaining('orders is there, and ready'),
  });
}, 120_000);

it('demands the settings that npm start was given, and no others', async () => {
  const before = await system.files();
  const without = system.beginService(ADD, { NATS_URL: '' });
  expect(await without.exited).toBe(1);
  expect(without.log).toContain('npm start was given NATS_URL, and this command was not.');
  const beyond = system.beginService(ADD, { PORTCULLIS_ISSUER: 'http://localhost:1' });
  expect(await beyond.exited).toBe(1);
  expect(beyond.log).toContain('Fix: unset PORTCULLIS_ISSUER; then: npm run service -- add orders');
  expect(await system.files()).toEqual(before);
}, 60_000);

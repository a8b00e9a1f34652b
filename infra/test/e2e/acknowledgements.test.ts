/**
 * More registrations than a durable consumer has on their way at once (256), so that they all arrive only
 * where NATS gets the acknowledgements of user. NATS 2.15 can send those in a newer form, and is tried with
 * both. `npm run acknowledgements` takes the nats-server that comes first in PATH.
 */
import { jetstreamManager, type ConsumerInfo } from '@nats-io/jetstream';
import { subjectsOf } from '@portcullis/bus';
import {
  appDatabase,
  createTestBed,
  startAuth,
  startUser,
  testProgram,
  type TestBed,
} from '@portcullis/testbed';
import { execFileSync } from 'node:child_process';
import postgres from 'postgres';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startGuardedNats } from '../guarded-nats.ts';
import { get, logIn, register, statusOf, type Account } from './calls.ts';

/** More than the 256 events that NATS has on their way to one consumer at once. */
const REGISTRATIONS = 262;
const AT_ONCE = 4;

const version = execFileSync(testProgram('nats-server'), ['--version'], { encoding: 'utf8' });
const [, major = '0', minor = '0'] = /v(\d+)\.(\d+)/.exec(version) ?? [];
const hasBothForms = Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 15);

let bed: TestBed<'auth' | 'user'>;

beforeEach(async () => {
  bed = await createTestBed({
    databases: { auth: appDatabase('auth'), user: appDatabase('user') },
  });
}, 120_000);
afterEach(() => bed.dispose());

async function registered(authUrl: string): Promise<Account[]> {
  const accounts: Account[] = [];
  while (accounts.length < REGISTRATIONS) {
    const count = Math.min(AT_ONCE, REGISTRATIONS - accounts.length);
    accounts.push(...(await Promise.all(Array.from({ length: count }, () => register(authUrl)))));
  }
  return accounts;
}

async function arrive(settings: string): Promise<void> {
  await using nats = await startGuardedNats(bed.prefix, settings);
  const on = (name: string) => ({ NATS_URL: nats.urlOf(name) });
  const auth = await startAuth(bed, on('auth'));
  const user = await startUser(bed, auth.issuer, on('user'));
  const accounts = await registered(auth.url);

  const asAuth = await nats.connectAs('auth');
  const { consumers } = await jetstreamManager(asAuth, { checkAPI: false });
  const { accountStream } = subjectsOf(bed.prefix);
  const left = ({ delivered, num_pending, num_ack_pending }: ConsumerInfo) => ({
    // The administrator has registered, too.
    delivered: delivered.stream_seq >= REGISTRATIONS,
    num_pending,
    num_ack_pending,
  });
  await expect
    .poll(async () => left(await consumers.info(accountStream, 'user')), {
      timeout: 60_000,
      interval: 250,
    })
    .toEqual({ delivered: true, num_pending: 0, num_ack_pending: 0 });
  await asAuth.close();

  const sql = postgres(bed.databaseUrls.user, { max: 1, onnotice: () => undefined });
  const profiles = async () =>
    await sql`
    select email from profiles where email = any(${accounts.map(({ email }) => email)})`;
  expect(await profiles()).toHaveLength(REGISTRATIONS);
  await sql.end();
  // The last of them are those beyond what NATS has on its way at once.
  for (const account of accounts.slice(-4)) {
    const { access_token } = await logIn(auth.url, account);
    expect(await statusOf(get(`${user.url}/v1/me`, access_token))).toBe(200);
  }
  expect(user.log).not.toMatch(/permissions violation/i);
  // Both services hold a connection to this server.
  await bed.dispose();
}

it(
  `${REGISTRATIONS} registrations have their profiles, and none is pending, with acknowledgements as of old`,
  { timeout: 240_000 },
  () => arrive(hasBothForms ? 'feature_flags { js_ack_fc_v2: false }\n' : ''),
);

it.skipIf(!hasBothForms)(
  `${REGISTRATIONS} registrations have their profiles, and none is pending, with acknowledgements of the newer form`,
  { timeout: 240_000 },
  () => arrive('feature_flags { js_ack_fc_v2: true }\n'),
);

import { connectionOptions } from '@portcullis/bus';
import {
  demandFunctionIfGiven,
  demandOption,
  demandPrefix,
  demandText,
  type Permission,
  type Role,
} from '@portcullis/contracts';
import type { NatsConnection } from '@nats-io/transport-node';
import { createVerifier } from '../create-verifier.ts';
import { httpGrants } from '../feeds/http/index.ts';
import { natsFeed, type NatsFeedOptions } from '../feeds/nats/index.ts';
import { demandNoneMisspelt, VERIFIER_OPTIONS } from '../option-names.ts';
import { withFallback } from '../revocation/failover.ts';
import type { RevocationFeed } from '../revocation/feed.ts';
import type { Verifier, VerifierOptions } from '../verifier.ts';
import { ConnectingFeed } from './connecting-feed.ts';
import { verifierMetrics, type VerifierMetric } from './verifier-metrics.ts';

const OF = 'connectVerifier';
const TEXT = 'a text that is not empty';

const { feed: _made, ...OF_VERIFIER } = VERIFIER_OPTIONS;
/** All that there are: another name is misspelt, or none of ours. */
const OPTIONS = {
  ...OF_VERIFIER,
  nats: true,
  client: true,
  metrics: true,
  prefix: true,
  onClosed: true,
  subscriptions: true,
} as const satisfies Record<keyof ConnectVerifierOptions, true>;
const OPTIONS_OF_CLIENT = { id: true, secret: true, authUrl: true } as const satisfies Record<
  keyof ServiceClient,
  true
>;

/** All of `createVerifier` but the feed, which is made of these. */
export interface ConnectVerifierOptions
  extends
    Omit<VerifierOptions, 'feed'>,
    Pick<NatsFeedOptions, 'prefix' | 'onClosed' | 'subscriptions'> {
  /**
   * The address of NATS with the user and password of this service, as in `nats://orders:…@host:4222`: it is connected
   * to in the background, again after each outage, and closed with the verifier. Or a connection of one's own, made
   * with `connectionOptions`, which stays open. `undefined`, a setting that is missing, is a TypeError.
   */
  nats: string | NatsConnection | Promise<NatsConnection> | undefined;
  /** The machine client of this service. Without it a verifier is stale once NATS is unavailable for S. */
  client?: ServiceClient | undefined;
  /** Called once, and awaited, with what a collector of metrics reads: `verifierMetrics` of the verifier. */
  metrics?: ((metrics: readonly VerifierMetric[]) => void | Promise<void>) | undefined;
}

interface ServiceClient {
  /** As in `cli_orders`. */
  id: string | undefined;
  secret: string | undefined;
  /** Where auth answers, where that is not the issuer. */
  authUrl?: string | undefined;
}

/**
 * Makes a verifier that hears of revocations over NATS and asks for grants by HTTP while NATS does not answer. It
 * starts while either is unavailable, and accepts tokens from its first grant on, for which `ready()` waits. Disposing
 * of it closes the connection that it has made.
 *
 * @example
 * const verifier = await connectVerifier({
 *   issuer: 'https://auth.example.com',
 *   audience: 'urn:acme:orders',
 *   service: 'orders',
 *   nats: process.env['NATS_URL'],
 *   client: { id: process.env['PORTCULLIS_CLIENT_ID'], secret: process.env['PORTCULLIS_CLIENT_SECRET'] },
 * });
 *
 * @throws TypeError that names the option that cannot be meant; nothing was connected to then
 * @throws what `metrics` throws, or rejects with; what was connected to is closed then
 */
export async function connectVerifier<P extends string = Permission, N extends string = Role>(
  options: ConnectVerifierOptions,
): Promise<Verifier<P, N>> {
  demandOption(typeof options === 'object' && options !== null, OF, 'its argument', 'an object');
  demandNoneMisspelt(options, OPTIONS, OF);
  const { nats, client, metrics, prefix, onClosed, subscriptions, ...others } = options;
  demandFunctionIfGiven(metrics, OF, 'metrics');
  demandPrefix(prefix, OF);
  demandSetting(others.issuer, 'issuer', 'a URL', 'PORTCULLIS_ISSUER');
  demandOption(URL.canParse(others.issuer), OF, 'issuer', 'a URL; is PORTCULLIS_ISSUER right?');
  demandSetting(others.audience, 'audience', TEXT, 'PORTCULLIS_AUDIENCE');
  demandText(others.service, OF, 'service');
  const first = feedOf(nats, others.service, {
    ...(prefix === undefined ? {} : { prefix }),
    ...(onClosed === undefined ? {} : { onClosed }),
    ...(subscriptions === undefined ? {} : { subscriptions }),
  });
  const feed = client === undefined ? first : withFallback(first, grantsOf(client, others.issuer));
  const verifier = await createVerifier<P, N>({ ...others, feed });
  try {
    await metrics?.(verifierMetrics(verifier));
  } catch (error) {
    // A collector refuses a name that it has already. The verifier would go on asking, and no caller could end it.
    await Promise.resolve(verifier[Symbol.asyncDispose]()).catch(() => undefined);
    throw error;
  }
  return verifier;
}

type FeedOptions = Omit<NatsFeedOptions, 'connection'>;

function feedOf(
  nats: ConnectVerifierOptions['nats'],
  service: string,
  options: FeedOptions,
): RevocationFeed {
  if (typeof nats !== 'string' && nats !== undefined) {
    return natsFeed({ ...options, connection: nats });
  }
  // It may hold a password: not repeated.
  const expected = 'the address of NATS, as in nats://orders:PASSWORD@host:4222; is NATS_URL set?';
  demandSetting(nats, 'nats', expected, 'NATS_URL');
  demandOption(URL.canParse(nats) && new URL(nats).host !== '', OF, 'nats', expected);
  const { prefix } = options;
  const connect = connectionOptions({
    service,
    url: nats,
    ...(prefix === undefined ? {} : { prefix }),
  });
  return new ConnectingFeed(connect, options);
}

function grantsOf(client: ServiceClient, issuer: string) {
  demandNoneMisspelt(client, OPTIONS_OF_CLIENT, OF, 'client.');
  const { id, secret, authUrl } = client;
  demandSetting(id, 'client.id', TEXT, 'PORTCULLIS_CLIENT_ID');
  demandSetting(secret, 'client.secret', TEXT, 'PORTCULLIS_CLIENT_SECRET');
  return httpGrants({ authUrl: authUrl ?? issuer, clientId: id, clientSecret: secret });
}

/**
 * For what is mostly read from the environment, where each is missing at once when the file of settings was not given.
 *
 * @param variable which it mostly is there, as `npm run service` writes it
 * @throws TypeError that says so
 */
function demandSetting(
  value: unknown,
  option: string,
  expected: string,
  variable: string,
): asserts value is string {
  const isMissing = value === undefined || value === '';
  const missing = value === '' ? 'empty' : 'undefined';
  const file = `was the process started with --env-file=…? There it is ${variable}, unless you read another`;
  const hint = isMissing ? `; it is ${missing}: ${file}` : '';
  demandOption(typeof value === 'string' && !isMissing, OF, option, `${expected}${hint}`);
}

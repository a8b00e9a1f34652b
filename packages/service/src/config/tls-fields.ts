/** How the connections of a service to Postgres, NATS, Redis and auth are secured. */
import { isLoopbackHost } from '@portcullis/contracts';
import { isIP } from 'node:net';
import * as z from 'zod';
import { read as readFiles, type TlsFiles } from '../tls/followed-context.ts';
import { FILE_WORDS, withFiles, withoutFiles } from '../tls/peer-tls.ts';
import { ConfigurationError } from './read-config.ts';
import { flag } from './flag.ts';

const path = z.string().max(4096, 'is too long');

export function tlsFields({ production }: { production: boolean }) {
  return {
    /** PEM of the authorities of all servers that do not name one themselves. Followed, as the two below. */
    PORTCULLIS_TLS_CA_FILE: path.optional(),
    /** The certificate that this service shows to servers that ask for one, and its key. */
    PORTCULLIS_TLS_CERT_FILE: path.optional(),
    PORTCULLIS_TLS_KEY_FILE: path.optional(),
    /** In production servers elsewhere may be connected to without TLS: for a network that encrypts by itself. */
    PORTCULLIS_SEND_PLAIN_TEXT_AND_TRUST_THE_NETWORK: flag.default(false),
    /** Node's own: `0` ends the check of certificates where nothing else is said. */
    NODE_TLS_REJECT_UNAUTHORIZED: z
      .string()
      .refine(
        (value) => !(production && value === '0'),
        'is 0, which ends the check of certificates: unset it, and name the authority in PORTCULLIS_TLS_CA_FILE',
      )
      .optional(),
  };
}

export type TlsSettings = z.output<z.ZodObject<ReturnType<typeof tlsFields>>>;

/** @throws ConfigurationError for files that cannot be used */
export function tlsFilesOf(settings: TlsSettings): TlsFiles {
  const {
    PORTCULLIS_TLS_CA_FILE: ca,
    PORTCULLIS_TLS_CERT_FILE: cert,
    PORTCULLIS_TLS_KEY_FILE: key,
  } = settings;
  if ((cert === undefined) !== (key === undefined)) {
    const missing = cert === undefined ? 'PORTCULLIS_TLS_CERT_FILE' : 'PORTCULLIS_TLS_KEY_FILE';
    throw new ConfigurationError([`${missing}: is missing: certificate and key go together`]);
  }
  for (const [name, files] of Object.entries({
    PORTCULLIS_TLS_CA_FILE: { ca },
    PORTCULLIS_TLS_CERT_FILE: { cert },
    PORTCULLIS_TLS_KEY_FILE: { key },
  })) {
    requireUsable(name, files);
  }
  return { ca, cert, key };
}

function requireUsable(name: string, files: TlsFiles): void {
  try {
    readFiles(files);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'cannot be read';
    throw new ConfigurationError([`${name}: ${reason}`]);
  }
}

type AddressName = 'DATABASE_URL' | 'NATS_URL' | 'REDIS_URL';

/**
 * An address as connections are made by it: with `sslmode=verify-full` for a database elsewhere in production, and
 * with the files of the settings where TLS is used.
 *
 * @param address that its field has let through; several of NATS, joined by commas
 * @throws ConfigurationError for one by which a server would not be checked, and for files that cannot be used
 */
export function securedAddress(
  name: AddressName,
  address: string,
  settings: TlsSettings,
  production: boolean,
): string {
  const insists = production && !settings.PORTCULLIS_SEND_PLAIN_TEXT_AND_TRUST_THE_NETWORK;
  const files = tlsFilesOf(settings);
  const secured = SECURED[name]({ address, insists, production, files });
  if ('problem' in secured) throw new ConfigurationError([`${name}: ${secured.problem}`]);
  for (const one of secured.address.split(',')) requireUsable(name, withoutFiles(one).files);
  return secured.address;
}

interface Asked {
  readonly address: string;
  /** Whether servers that are not on this machine are connected to by TLS alone. */
  readonly insists: boolean;
  readonly production: boolean;
  readonly files: TlsFiles;
}

type Secured = { address: string } | { problem: string };

const SECURED: Readonly<Record<AddressName, (asked: Asked) => Secured>> = {
  DATABASE_URL: securedDatabase,
  NATS_URL: securedBus,
  REDIS_URL: securedRedis,
};

const OR_TRUST =
  '; only where the network encrypts by itself, set PORTCULLIS_SEND_PLAIN_TEXT_AND_TRUST_THE_NETWORK=true';
/** They encrypt, or not, without checking with whom. */
const WEAK_MODES: ReadonlySet<string> = new Set(['allow', 'prefer', 'require', 'verify-ca']);

function securedDatabase({ address, insists, production, files }: Asked): Secured {
  const url = new URL(address);
  if (url.searchParams.has('ssl')) return { problem: 'says ssl=…: write sslmode=verify-full' };
  const mode = url.searchParams.get('sslmode');
  if (mode !== null && WEAK_MODES.has(mode)) {
    // The library checks no certificate for these, and fewer things than libpq for the last.
    if (!production) return { address };
    return { problem: 'has an sslmode that does not check the server: write sslmode=verify-full' };
  }
  if (mode !== null && mode !== 'disable' && mode !== 'verify-full') {
    return { problem: 'has an sslmode that there is not: write sslmode=verify-full' };
  }
  const isElsewhere = !isLoopbackHost(url.hostname);
  if (mode === 'disable' && insists && isElsewhere) {
    return { problem: `has sslmode=disable: write sslmode=verify-full${OR_TRUST}` };
  }
  if (mode === null && insists && isElsewhere) url.searchParams.set('sslmode', 'verify-full');
  const isVerified = url.searchParams.get('sslmode') === 'verify-full';
  return { address: isVerified ? withFiles(url.href, files) : address };
}

/** Others steer the client library, which would put them before what is set here. */
const REDIS_WORDS: ReadonlySet<string> = new Set(['family', 'db', ...FILE_WORDS]);

function securedRedis({ address, insists, files }: Asked): Secured {
  const { protocol, hostname, searchParams } = new URL(address);
  if (![...searchParams.keys()].every((word) => REDIS_WORDS.has(word))) {
    return { problem: `has other options than ${[...REDIS_WORDS].join(', ')}` };
  }
  if (protocol === 'rediss:') return { address: withFiles(address, files) };
  if (!insists || isLoopbackHost(hostname)) return { address };
  return { problem: `has to be rediss:// in production${OR_TRUST}` };
}

function securedBus({ address, insists, files }: Asked): Secured {
  const addresses = address.split(',').map((one) => one.trim());
  const urls = addresses.map((one) => new URL(one));
  const secure = urls.filter(({ protocol }) => protocol === 'tls:');
  if (secure.length === 0) {
    const isHere = urls.every(({ hostname }) => isLoopbackHost(hostname));
    if (!insists || isHere) return { address };
    return { problem: `has to be tls:// in production${OR_TRUST}` };
  }
  if (secure.length < urls.length) {
    return { problem: 'mixes nats:// and tls://: write tls:// for each server' };
  }
  if (urls.some(({ hostname }) => isIP(hostname.replace(/^\[|\]$/g, '')) !== 0)) {
    return { problem: 'names a server by a number: write the name that its certificate is for' };
  }
  return { address: addresses.map((one) => withFiles(one, files)).join(',') };
}

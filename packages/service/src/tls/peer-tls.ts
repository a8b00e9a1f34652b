/**
 * How a server is connected to by TLS. Its address says all of it, in the words that libpq has for Postgres:
 * `sslmode` (of Postgres alone; for the others the scheme says it), `sslrootcert`, `sslcert` and `sslkey`.
 */
import type { SecureContext } from 'node:tls';
import { followedContext, type TlsFiles } from './followed-context.ts';

/** For `tls.connect`: the certificate of the server is always checked, against its authority and its name. */
export interface PeerTls {
  readonly rejectUnauthorized: true;
  /** Of the files as they are at this moment: read at each new connection. */
  readonly secureContext: SecureContext;
}

/** @throws Error that names the file, when one cannot be used at the start */
export function peerTls(files: TlsFiles): PeerTls {
  const context = followedContext(files);
  return {
    // Said, so that NODE_TLS_REJECT_UNAUTHORIZED cannot say otherwise.
    rejectUnauthorized: true,
    get secureContext() {
      return context();
    },
  };
}

const WORDS = { ca: 'sslrootcert', cert: 'sslcert', key: 'sslkey' } as const;
export const FILE_WORDS: readonly string[] = Object.values(WORDS);

/** @param address one, of any scheme */
export function withoutFiles(address: string): { address: string; files: TlsFiles } {
  const url = new URL(address);
  const take = (word: string): string | undefined => {
    const file = url.searchParams.get(word);
    url.searchParams.delete(word);
    // libpq's word for the authorities that the system knows.
    return file === null || file === 'system' ? undefined : file;
  };
  const named = FILE_WORDS.some((word) => url.searchParams.has(word));
  const files = { ca: take(WORDS.ca), cert: take(WORDS.cert), key: take(WORDS.key) };
  return { address: named ? url.href : address, files };
}

/** Adds those that the address does not name itself. */
export function withFiles(address: string, files: TlsFiles): string {
  const url = new URL(address);
  const add = (word: string, file: string | undefined): void => {
    if (file !== undefined && !url.searchParams.has(word)) url.searchParams.set(word, file);
  };
  const isOwn = url.searchParams.has(WORDS.cert) || url.searchParams.has(WORDS.key);
  add(WORDS.ca, files.ca);
  if (!isOwn) {
    add(WORDS.cert, files.cert);
    add(WORDS.key, files.key);
  }
  return url.href;
}

/**
 * For postgres.js, whose own `ssl: 'require'` checks nothing.
 *
 * @param url as the configuration has let it through; without `sslmode` in plain text
 */
export function postgresTls(url: string): { address: string; options: { ssl?: PeerTls | false } } {
  const { address, files } = withoutFiles(url);
  const mode = new URL(address).searchParams.get('sslmode');
  if (mode === null || mode === 'disable') return { address, options: { ssl: false } };
  // The weaker ones are for development, and the library's.
  const isVerified = mode === 'verify-full' || mode === 'verify-ca';
  return { address, options: isVerified ? { ssl: peerTls(files) } : {} };
}

/** For ioredis: TLS where the scheme is `rediss:`. */
export function redisTls(url: string): { address: string; options: { tls?: PeerTls } } {
  const { address, files } = withoutFiles(url);
  const isSecure = new URL(address).protocol === 'rediss:';
  return { address, options: isSecure ? { tls: peerTls(files) } : {} };
}

/**
 * What a connection by TLS is made with: the authorities that are trusted, and the certificate of this service, each in
 * a file. The files are read at each new connection, so that a renewed one counts without a restart.
 *
 * Invariant: what is in force can be used. Files that cannot be read, or that do not fit together, as in the middle of
 * a renewal, change nothing, and are reported once as a warning of the process: the libraries that connect do not
 * survive an error here.
 */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';

/** Paths of PEM files. */
export interface TlsFiles {
  /** Of the authorities; those that Node knows unless given. */
  readonly ca?: string | undefined;
  /** Of the certificate that this service shows, with the chain to its authority. */
  readonly cert?: string | undefined;
  /** Of its private key. */
  readonly key?: string | undefined;
}

export interface FollowedContextOptions {
  /** Trusts the public authorities besides those of the file. */
  readonly publicToo?: boolean;
}

interface Material {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/**
 * @returns what gives the context for the next connection
 * @throws Error that names the file, when one cannot be used at the start
 */
export function followedContext(
  files: TlsFiles,
  { publicToo = false }: FollowedContextOptions = {},
): () => SecureContext {
  const contextOf = ({ ca, cert, key }: Material): SecureContext =>
    createSecureContext({
      ...(ca !== undefined && { ca: publicToo ? [...rootCertificates, ca] : ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
    });
  let material = read(files);
  let context = contextOf(material);
  let reported: string | undefined;
  return () => {
    try {
      const found = read(files);
      if (isSame(found, material)) return context;
      context = contextOf(found);
      material = found;
      reported = undefined;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (reason !== reported) {
        process.emitWarning(`${reason}; what was read before goes on counting`, 'TlsFilesWarning');
      }
      reported = reason;
    }
    return context;
  };
}

/** @throws Error that names the file that cannot be used, and repeats nothing of it */
export function read({ ca, cert, key }: TlsFiles): Material {
  return {
    ca: ca === undefined ? undefined : certificatesOf(ca),
    cert: cert === undefined ? undefined : certificatesOf(cert),
    key: key === undefined ? undefined : textOf(key),
  };
}

function isSame(one: Material, other: Material): boolean {
  return one.ca === other.ca && one.cert === other.cert && one.key === other.key;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** Node passes over what is no certificate: with a file of such, no server would be trusted, without a reason. */
function certificatesOf(file: string): string {
  const text = textOf(file);
  const found = text.match(CERTIFICATE) ?? [];
  try {
    for (const one of found) void new X509Certificate(one);
  } catch (cause) {
    throw new Error(`${file} holds a certificate that cannot be read`, { cause });
  }
  if (found.length === 0) throw new Error(`${file} holds no certificate in PEM`);
  return text;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unreadable';
    throw new Error(`${file} cannot be read (${code})`, { cause });
  }
}

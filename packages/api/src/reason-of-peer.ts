/** Why a server was not connected to, where that is what it showed of itself: for logs, probes and commands. */

const REASONS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is of an unknown authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is of an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate is of an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is of an unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is of an unknown authority',
  CERT_SIGNATURE_FAILURE: 'its certificate is of an unknown authority',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name',
  TLS_NOT_OFFERED: 'it offers no TLS',
  // What is not TLS is read as a record of TLS, of a wrong version or length.
  ERR_SSL_WRONG_VERSION_NUMBER: 'it offers no TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it offers no TLS',
};
/** The same, where Node gives no code but that of a failed write. */
const NO_TLS_BY_TEXT = /SSL routines:.*(wrong version number|packet length too long)/;
/** Of NATS's client, which has no code for it. */
const NATS_WITHOUT_TLS = "server does not support 'tls'";
/** The server ends the connection: it wants a certificate that it was not shown. */
const WANTS_CERTIFICATE =
  /^ERR_SSL_(TLSV13_ALERT_CERTIFICATE_REQUIRED|SSLV3_ALERT_(BAD_CERTIFICATE|HANDSHAKE_FAILURE)|TLSV1_ALERT_UNKNOWN_CA)$/;

const MAX_DEPTH = 8;

/** @returns undefined for every other fault */
export function reasonOfPeer(error: unknown): string | undefined {
  let current = error;
  for (let depth = 0; depth < MAX_DEPTH && current instanceof Error; depth += 1) {
    const reason = reasonOfOne(current);
    if (reason !== undefined) return reason;
    const [first]: unknown[] = current instanceof AggregateError ? current.errors : [];
    current = first ?? current.cause;
  }
  return undefined;
}

function reasonOfOne(error: Error): string | undefined {
  const isWithoutTls = error.message === NATS_WITHOUT_TLS || NO_TLS_BY_TEXT.test(error.message);
  if (isWithoutTls) return 'it offers no TLS';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (WANTS_CERTIFICATE.test(code)) return 'it does not take the certificate of this service';
  return REASONS[code];
}

/**
 * NATS addresses carry credentials in their userinfo (`nats://user:password@host:4222`), which the
 * client library does not read: it would take the colon for an IPv6 address.
 */
import { peerTls, withoutFiles, type PeerTls } from '../tls/peer-tls.ts';

export interface BusAddress {
  servers: string[];
  user?: string;
  pass?: string;
  token?: string;
  /** There where the addresses are `tls:`: a server that offers no TLS is refused. */
  tls?: PeerTls & { handshakeFirst?: boolean };
}

/** @param url one or more addresses, joined by commas; the credentials of the first that has any */
export function parseBusAddress(url: string): BusAddress {
  const address: BusAddress = { servers: [] };
  for (const one of url.split(',')) {
    const { address: place, files } = withoutFiles(one.trim());
    const parsed = new URL(place);
    if (parsed.protocol === 'tls:') address.tls ??= peerTls(files);
    address.servers.push(`${parsed.protocol}//${parsed.host}`);
    if (address.user !== undefined || address.token !== undefined) continue;
    const user = decodeURIComponent(parsed.username);
    const pass = decodeURIComponent(parsed.password);
    if (user !== '' && pass !== '') Object.assign(address, { user, pass });
    else if (user !== '') address.token = user;
  }
  return address;
}

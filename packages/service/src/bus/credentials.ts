/**
 * NATS addresses carry credentials in their userinfo (`nats://user:password@host:4222`), which the
 * client library does not read: it would take the colon for an IPv6 address.
 */
export interface BusAddress {
  servers: string[];
  user?: string;
  pass?: string;
  token?: string;
}

/** @param url one or more addresses, joined by commas; the credentials of the first that has any */
export function parseBusAddress(url: string): BusAddress {
  const address: BusAddress = { servers: [] };
  for (const one of url.split(',')) {
    const parsed = new URL(one.trim());
    address.servers.push(`${parsed.protocol}//${parsed.host}`);
    if (address.user !== undefined || address.token !== undefined) continue;
    const user = decodeURIComponent(parsed.username);
    const pass = decodeURIComponent(parsed.password);
    if (user !== '' && pass !== '') Object.assign(address, { user, pass });
    else if (user !== '') address.token = user;
  }
  return address;
}

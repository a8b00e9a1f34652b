/** The names of this machine, as `URL` writes them in `hostname`: no network is on the way there. */
export const LOOPBACK_HOSTS: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/** @param hostname of a `URL`: in lower case, an IPv6 address in brackets */
export function isLoopbackHost(hostname: string): boolean {
  return LOOPBACK_HOSTS.includes(hostname);
}

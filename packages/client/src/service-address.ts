/** Which requests may carry a token: those below the address of a service that was named, and no others. */

/** @param serviceUrl http or https, as the clients have checked it */
export function endpointOf(serviceUrl: string, path: string): string {
  const url = new URL(serviceUrl);
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}${path}`;
}

/** What belongs to the addresses of services; the longest address that a request is below of decides. */
export class ByAddress<T> {
  readonly #entries: readonly { base: URL; value: T }[];

  constructor(entries: Iterable<readonly [url: string, value: T]>) {
    this.#entries = [...entries]
      .map(([url, value]) => ({ base: new URL(endpointOf(url, '/')), value }))
      .toSorted((one, other) => other.base.href.length - one.base.href.length);
  }

  /** @throws TypeError where it is below none of them: what it would carry is for these alone */
  of(url: URL): T {
    const found = this.#entries.find(({ base }) => isBelow(base, url));
    if (found !== undefined) return found.value;
    const { origin, pathname } = url;
    throw new TypeError(`${origin}${pathname}: no service of this client; name it in services`);
  }
}

/** @param base its path ends with a slash */
function isBelow(base: URL, { origin, pathname }: URL): boolean {
  return origin === base.origin && `${pathname}/`.startsWith(base.pathname);
}

/**
 * The part of a request that is looked at, of Node's and of the platform's. Nothing else is read: not its
 * body, and of its headers only those that are asked for.
 */

/** As the platform's `Headers`. */
export interface HeaderList {
  get(name: string): string | null;
}

/** What `node:http` and `node:http2` give, what Express and Koa make of it, and the platform's `Request`. */
export interface RequestLike {
  method?: string | undefined;
  /** The target as it was sent, or the whole address. */
  url?: string | undefined;
  /** As it was sent, where a framework has cut a prefix off `url`. */
  originalUrl?: string | undefined;
  headers: Readonly<Record<string, string | readonly string[] | undefined>> | HeaderList;
  /**
   * Names and values in turns. Of two headers of one name Node keeps the first, so a request of Node has to
   * come with it for the second to be seen.
   */
  rawHeaders?: readonly string[] | undefined;
}

/**
 * @param wanted the name in small letters
 * @returns each value that was sent, in its order; of the platform's headers, which joins them, one for all
 */
export function headerValues(request: RequestLike, wanted: string): string[] {
  const { headers, rawHeaders } = request;
  if (isHeaderList(headers)) {
    const value = headers.get(wanted);
    return value === null ? [] : [value];
  }
  const value = headers[wanted];
  if (value === undefined) return [];
  const sent = rawHeaders === undefined ? [] : valuesIn(rawHeaders, wanted);
  return sent.length > 1 ? sent : [value].flat();
}

function valuesIn(rawHeaders: readonly string[], wanted: string): string[] {
  const values: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === wanted.length && name.toLowerCase() === wanted) {
      values.push(rawHeaders[at + 1] ?? '');
    }
  }
  return values;
}

/** Several of one header are no header that a browser sends; joined they match nothing. */
export function joinedHeader(request: RequestLike, wanted: string): string | undefined {
  const values = headerValues(request, wanted);
  // The one that clients of HTTP/2 may send in parts (RFC 9113 section 8.2.3).
  return values.length === 0 ? undefined : values.join(wanted === 'cookie' ? '; ' : ', ');
}

function isHeaderList(headers: RequestLike['headers']): headers is HeaderList {
  return typeof headers['get'] === 'function';
}

/**
 * The part of a request that is looked at, of Node's and of the platform's. Nothing else is read: not its
 * body, and of its headers only those that are asked for.
 */

/** As the platform's `Headers`. */
export interface HeaderList {
  get(name: string): string | null;
}

/** A request of `node:http` or `node:http2`, behind that of a framework. */
export interface RawRequest {
  /** Names and values in turns. */
  readonly rawHeaders: readonly string[];
}

/**
 * What `node:http` and `node:http2` give, what Express, fastify and Koa make of it, and the platform's
 * `Request`.
 *
 * Of two headers of one name Node keeps the first, so a request of Node has to come with all that was sent for
 * the second to be seen: itself, or by what it is behind.
 */
export interface RequestLike {
  method?: string | undefined;
  /** The target as it was sent, or the whole address. */
  url?: string | undefined;
  /** As it was sent, where a framework has cut a prefix off `url`. */
  originalUrl?: string | undefined;
  headers: Readonly<Record<string, string | readonly string[] | undefined>> | HeaderList;
  /** What a framework or the app calls it; counts where it is a text. */
  id?: unknown;
  /** Names and values in turns. */
  rawHeaders?: readonly string[] | undefined;
  /** What a request of fastify is made of. */
  raw?: RawRequest | undefined;
  /** What a request of Koa is made of. */
  req?: RawRequest | undefined;
  /** Whether it opens what messages of any kind come over: no method is safe then. An `Upgrade` header says so by itself. */
  opensSocket?: boolean | undefined;
}

/** The one object that stands for a request, whichever of its forms a guard is given. */
export function identityOf(request: RequestLike): object {
  return request.rawHeaders === undefined ? (request.raw ?? request.req ?? request) : request;
}

/**
 * @param wanted the name in small letters
 * @returns each value that was sent, in its order; of the platform's headers, which joins them, one for all
 */
export function headerValues(request: RequestLike, wanted: string): readonly string[] {
  const sent = sentValues(request, wanted);
  if (sent === undefined) return [];
  return typeof sent === 'string' ? [sent] : sent;
}

/**
 * The same, with nothing made for the one value that there almost always is.
 *
 * @returns undefined where none was sent, and a list only of two or more
 */
export function sentValues(
  request: RequestLike,
  wanted: string,
): string | readonly string[] | undefined {
  const { headers } = request;
  if (isHeaderList(headers)) return headers.get(wanted) ?? undefined;
  const value = headers[wanted];
  // What a middleware has taken away is not there, whatever was sent.
  if (value === undefined) return undefined;
  const rawHeaders = request.rawHeaders ?? request.raw?.rawHeaders ?? request.req?.rawHeaders;
  if (rawHeaders !== undefined && timesIn(rawHeaders, wanted) > 1) {
    return rawHeaders.filter((_, at) => at % 2 === 1 && isName(rawHeaders[at - 1], wanted));
  }
  if (typeof value === 'string') return value;
  return value.length > 1 ? value : value[0];
}

function timesIn(rawHeaders: readonly string[], wanted: string): number {
  let times = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (isName(rawHeaders[at], wanted)) times += 1;
  }
  return times;
}

function isName(name: string | undefined, wanted: string): boolean {
  return name?.length === wanted.length && name.toLowerCase() === wanted;
}

/** Several of one header are no header that a browser sends; joined they match nothing. */
export function joinedHeader(request: RequestLike, wanted: string): string | undefined {
  const sent = sentValues(request, wanted);
  if (sent === undefined || typeof sent === 'string') return sent;
  // The one that clients of HTTP/2 may send in parts (RFC 9113 section 8.2.3).
  return sent.join(wanted === 'cookie' ? '; ' : ', ');
}

/** HTTP/2 has it as `:authority`, which counts where both are there (RFC 9113 section 8.3.1). */
export function hostOf(request: RequestLike): string | undefined {
  // A list of the platform takes no name with a colon; what made it has put the host there.
  const authority = isHeaderList(request.headers) ? undefined : request.headers[':authority'];
  return typeof authority === 'string' ? authority : joinedHeader(request, 'host');
}

function isHeaderList(headers: RequestLike['headers']): headers is HeaderList {
  return typeof headers['get'] === 'function';
}

/** Why no answer came, as far as this side can tell. */
import { PortcullisError } from './error.ts';

/**
 * @param cause what `fetch` rejected with
 * @returns `network`; in a page whose origin the service may not allow, with what to do about it: a browser says so in its
 *   console alone, and hides it from the page (WHATWG Fetch, section 3.2)
 */
export function noAnswerFrom(url: string | URL, cause: unknown): PortcullisError {
  return new PortcullisError('network', { cause, message: corsHint(url, cause) });
}

function corsHint(url: string | URL, cause: unknown): string | undefined {
  if (!(cause instanceof TypeError)) return undefined;
  // Node and workers of servers have no location.
  const page: Location | undefined = globalThis.location;
  const { origin } = new URL(url, page?.href);
  if (page === undefined || origin === page.origin) return undefined;
  const isOffline = typeof navigator !== 'undefined' && !navigator.onLine;
  if (isOffline) return undefined;
  return `No answer came from ${origin}. It may not allow ${page.origin} (CORS; PORTCULLIS_WEB_ORIGINS).`;
}

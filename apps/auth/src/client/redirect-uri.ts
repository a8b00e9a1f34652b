/** What may be declared as a redirect URI (RFC 6749 section 3.1.2, RFC 9700 section 2.1). */
import { isLoopbackHost } from '@portcullis/contracts';

const MAX_LENGTH = 2_048;
/** RFC 3986: what stands in an address unescaped, but for the `#` of a fragment. */
const CHARACTERS = /^[A-Za-z0-9\-._~:/?[\]@!$&'()*+,;=%]+$/;
/** What the Content-Security-Policy of a page can name, and that names nothing else: no `*`, no `;`, no address of IPv6. */
const HOST = /^[a-z0-9._-]+$/;

/**
 * https, or http on this machine, without a user and without a fragment.
 *
 * @returns what is wrong with it; undefined: nothing
 */
export function problemOfRedirectUri(text: string): string | undefined {
  if (text.length > MAX_LENGTH) return 'is too long';
  if (!CHARACTERS.test(text) || !URL.canParse(text)) return 'is not an address without a fragment';
  const url = new URL(text);
  // `https:app.example` is read as relative to the page where a browser is sent there, and as absolute here.
  if (!text.startsWith(`${url.protocol}//`)) return 'is not an address in full';
  if (url.username !== '' || url.password !== '') return 'names a user';
  if (!HOST.test(url.hostname)) return 'has a host that no policy for browsers can name';
  if (url.protocol === 'https:') return undefined;
  if (url.protocol !== 'http:') return 'is neither https: nor http:';
  return isLoopbackHost(url.hostname) ? undefined : 'is http: on another machine than this';
}

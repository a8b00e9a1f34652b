/**
 * Cookie mode at the edge: reads and sets the cookies that carry tokens, and refuses a call that
 * brings them along unless it comes from a page that may.
 *
 * `HttpOnly`: no script reads them. `SameSite=Strict`: another site's page does not send them.
 * `Path=/` because `__Host-` demands it (RFC 6265bis section 4.1.3.2).
 */
import type { TokenCookies } from '@portcullis/api';
import { Refusal, tokenCookieNames } from '@portcullis/contracts';
import { cookieValues, provenanceOf, refuseForeign } from '@portcullis/verify/cookie';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { exchangeOf, type CookieSettings } from './exchange.ts';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * A request that changes something and brings tokens in cookies is refused here, before anything looks
 * at it; one that only reads is refused where the token is read.
 */
export function guardCookies(app: FastifyInstance, settings: CookieSettings): void {
  app.addHook('onRequest', async (request) => {
    exchangeOf(request).cookies = settings;
    if (!SAFE.has(request.method) && carriesTokens(request)) refuseForeign(request, settings);
  });
}

/** Whether the request brings a cookie of ours. */
export function carriesTokens(request: FastifyRequest): boolean {
  const { access, refresh } = namesOf(request);
  return [access, refresh].some((name) => cookieValues(request.headers.cookie, name).length > 0);
}

export function tokenCookies(request: FastifyRequest, reply: FastifyReply): TokenCookies {
  const settings = exchangeOf(request).cookies;
  const names = namesOf(request);
  const attributes = `Path=/; HttpOnly;${settings.insecure === true ? '' : ' Secure;'} SameSite=Strict`;
  const set = (access: [string, number], refresh: [string, number]) => {
    // A batch may set them twice: the last ones count.
    reply.removeHeader('set-cookie');
    reply.header('set-cookie', [
      `${names.access}=${access[0]}; Max-Age=${access[1]}; ${attributes}`,
      `${names.refresh}=${refresh[0]}; Max-Age=${refresh[1]}; ${attributes}`,
    ]);
  };
  return {
    get refreshToken() {
      const values = cookieValues(request.headers.cookie, names.refresh);
      return values.length === 1 ? values[0] : undefined;
    },
    requireSameOrigin() {
      const type = request.headers['content-type'] ?? '';
      if (!/^application\/json\b/i.test(type)) throw new Refusal('unsupported_media_type');
      if (isForeign(request, settings)) throw new Refusal('cross_site');
    },
    keep: (tokens) =>
      set(
        [tokens.access_token, tokens.expires_in],
        [tokens.refresh_token, settings.refreshSeconds ?? tokens.expires_in],
      ),
    clear() {
      if (carriesTokens(request)) set(['', 0], ['', 0]);
    },
  };
}

/** What is no browser may ask for cookies; it has none yet that could be misused. */
function isForeign({ headers }: FastifyRequest, settings: CookieSettings): boolean {
  const site = headers['sec-fetch-site'];
  const secFetchSite = Array.isArray(site) ? site.join(', ') : site;
  const { origin, host } = headers;
  return provenanceOf({ origin, secFetchSite, host }, settings) === 'foreign';
}

function namesOf(request: FastifyRequest) {
  return tokenCookieNames(exchangeOf(request).cookies.insecure === true);
}

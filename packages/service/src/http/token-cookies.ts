/**
 * Cookie mode at the edge: reads and sets the cookies that carry tokens, and refuses a call that
 * brings them along unless it comes from a page that may.
 *
 * `HttpOnly`: no script reads them. `SameSite=Strict`: another site's page does not send them.
 * `Path=/` because `__Host-` demands it (RFC 6265bis section 4.1.3.2).
 */
import type { TokenCookies } from '@portcullis/api';
import { Refusal, tokenCookieNames } from '@portcullis/contracts';
import {
  carriesTokenCookies,
  provenanceOfRequest,
  refreshCookie,
  refuseForeignChange,
} from '@portcullis/verify/cookie';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { exchangeOf, type CookieSettings } from './exchange.ts';

/**
 * A request that changes something and brings tokens in cookies is refused here, before anything looks
 * at it; one that only reads is refused where the token is read.
 */
export function guardCookies(app: FastifyInstance, settings: CookieSettings): void {
  app.addHook('onRequest', async (request) => {
    exchangeOf(request).cookies = settings;
    refuseForeignChange(request.raw, settings);
  });
}

export function tokenCookies(request: FastifyRequest, reply: FastifyReply): TokenCookies {
  const settings = exchangeOf(request).cookies;
  const names = tokenCookieNames(settings.insecure === true);
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
      return refreshCookie(request.raw, settings);
    },
    requireSameOrigin() {
      const type = request.headers['content-type'] ?? '';
      if (!/^application\/json\b/i.test(type)) throw new Refusal('unsupported_media_type');
      // What is no browser may ask for cookies; it has none yet that could be misused.
      const isForeign = provenanceOfRequest(request.raw, settings) === 'foreign';
      if (isForeign) throw new Refusal('cross_site', { reason: 'cross_site' });
    },
    keep: (tokens) =>
      set(
        [tokens.access_token, tokens.expires_in],
        [tokens.refresh_token, settings.refreshSeconds ?? tokens.expires_in],
      ),
    clear() {
      if (carriesTokenCookies(request.raw, settings)) set(['', 0], ['', 0]);
    },
  };
}

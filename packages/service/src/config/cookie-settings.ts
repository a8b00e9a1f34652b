import { isLoopbackHost } from '@portcullis/contracts';
import type { CookiePolicy } from '@portcullis/verify/cookie';
import type { CookieSettings } from '../http/exchange.ts';
import { ConfigurationError } from './read-config.ts';

interface CookieFields {
  PORTCULLIS_ISSUER: string;
  PORTCULLIS_WEB_ORIGINS: string[];
  PORTCULLIS_WEB_REQUEST_HEADERS: string[];
  PORTCULLIS_WEB_ANSWER_HEADERS: string[];
  PORTCULLIS_INSECURE_COOKIES: boolean;
}

type Configured = Required<CookiePolicy> &
  Pick<CookieSettings, 'requestHeaders' | 'exposedHeaders'>;

/** @throws ConfigurationError for insecure cookies anywhere but on this machine */
export function cookieSettings(fields: CookieFields): Configured {
  const { hostname } = new URL(fields.PORTCULLIS_ISSUER);
  const insecure = fields.PORTCULLIS_INSECURE_COOKIES;
  if (insecure && !isLoopbackHost(hostname)) {
    throw new ConfigurationError([
      'PORTCULLIS_INSECURE_COOKIES: is for an issuer on this machine only',
    ]);
  }
  return {
    insecure,
    origins: fields.PORTCULLIS_WEB_ORIGINS,
    requestHeaders: fields.PORTCULLIS_WEB_REQUEST_HEADERS,
    exposedHeaders: fields.PORTCULLIS_WEB_ANSWER_HEADERS,
  };
}

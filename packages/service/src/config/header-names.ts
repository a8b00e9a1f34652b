/** Lists of header names that CORS grants beside those that a service knows by itself. */
import * as z from 'zod';

const MAX_NAMES = 32;
const NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/;
/**
 * What browsers never let a page send (Fetch standard, "forbidden request-header"), and what only a
 * proxy has to say.
 */
const NOT_OF_PAGES =
  /^(accept-(charset|encoding)|access-control-.*|connection|content-length|cookie2?|date|dnt|expect|forwarded|host|keep-alive|origin|proxy-.*|referer|sec-.*|set-cookie2?|te|trailer|transfer-encoding|upgrade|via|x-forwarded-.*|x-real-ip)$/;
/** What browsers never let a page read ("forbidden response-header name"). */
const NOT_FOR_PAGES = /^set-cookie2?$/;

/** Names joined by commas, in any case; a wildcard is none. */
function headerNames(forbidden: RegExp, why: string) {
  return z
    .string()
    .transform((value) => value.split(',').map((entry) => entry.trim().toLowerCase()))
    .pipe(
      z
        .array(
          z
            .string()
            .regex(NAME, 'is not a list of header names, such as traceparent, joined by commas')
            .refine((name) => !forbidden.test(name), why),
        )
        .max(MAX_NAMES, `names more than ${MAX_NAMES} headers`),
    );
}

export const pageRequestHeaders = headerNames(
  NOT_OF_PAGES,
  'names a header that no page sends: leave it out',
);
export const pageAnswerHeaders = headerNames(
  NOT_FOR_PAGES,
  'names a header that no page reads: leave it out',
);

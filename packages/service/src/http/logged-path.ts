/**
 * The path of a request, for the log. A client may put anything there, a token or a password by mistake:
 * shown are the words of this service's own addresses and identifiers, and the rest is hidden.
 */
import type { FastifyInstance } from 'fastify';
import { requestTarget } from '@portcullis/verify/guard';

/** Characters of a path that reach the log. */
const MAX_LOGGED_PATH = 256;
/** As `newId` makes them. No secret has this form: they are all longer. */
const IDENTIFIER = /^[a-z]{3}_[0-7][0-9a-hjkmnp-tv-z]{25}$/;
const HIDDEN = '[hidden]';

export class LoggedPaths {
  readonly #words: Set<string>;

  /** @param names of procedures, which are no routes of the framework */
  constructor(app: FastifyInstance, names: Iterable<string>) {
    this.#words = new Set(['', ...names]);
    app.addHook('onRoute', ({ url }) => {
      for (const word of url.split('/')) if (!word.startsWith(':')) this.#words.add(word);
    });
  }

  /** Never with the query, where tokens end up by mistake. A batch names its calls with commas between. */
  of(url: string): string {
    return requestTarget(url)
      .path.replaceAll(/[^/,]+/g, (word) =>
        this.#words.has(word) || IDENTIFIER.test(word) ? word : HIDDEN,
      )
      .slice(0, MAX_LOGGED_PATH);
  }
}

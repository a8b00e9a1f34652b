/** Protects what takes the platform's `Request` and gives a `Response`: route handlers of Next, loaders, servers of fetch. */
import type { AccessTokenClaims, ClaimsOf } from '@portcullis/contracts';
import {
  answerToError,
  createRouteGuard,
  type GuardOptions,
  type RequirementBy,
  type TokenCheck,
} from '../guard/index.ts';

type Answering<Q extends Request, A extends unknown[]> = (
  request: Q,
  ...rest: A
) => Promise<Response>;

/** Makes of a handler of callers one of requests. What a framework gives beside the request comes after the caller. */
export type WebGuard<C extends AccessTokenClaims> = <Q extends Request, A extends unknown[]>(
  handle: (request: Q, caller: C, ...rest: A) => Response | Promise<Response>,
) => Answering<Q, A>;

/**
 * What the handler throws goes on to the framework, which may mean something by it (a redirect of Next).
 *
 * @throws TypeError that names the option that cannot be meant
 * @example
 * const signedIn = protect(verifier);
 * export const GET = signedIn((request, caller) => Response.json({ sub: caller.sub }));
 */
export function protect<V extends TokenCheck, const R extends RequirementBy<V> | 'user' = 'user'>(
  verifier: V,
  options: GuardOptions<R> = {},
): WebGuard<ClaimsOf<R>> {
  const guard = createRouteGuard<V, R>(verifier, options);
  return (handle) =>
    async (request, ...rest) => {
      const { caller, headers, answer } = await guard.admit(request);
      if (answer !== undefined) return Response.json(answer.body, answer);
      return withHeaders(await handle(request, caller, ...rest), headers);
    };
}

/**
 * Around a handler that no framework is around: answers what it throws as the services of Portcullis do. A defect
 * is written to the console.
 */
export function answerErrors<Q extends Request, A extends unknown[]>(
  handle: (request: Q, ...rest: A) => Response | Promise<Response>,
): Answering<Q, A> {
  return async (request, ...rest) => {
    try {
      return await handle(request, ...rest);
    } catch (error) {
      const answer = answerToError(error, request);
      // oxlint-disable-next-line no-console -- there is no logger here, and a defect has to be seen
      if (answer.status === 500) console.error(error);
      return Response.json(answer.body, answer);
    }
  };
}

/** Those of an answer that was fetched cannot be changed. */
function withHeaders(response: Response, headers: Readonly<Record<string, string>>): Response {
  const added = Object.entries(headers);
  if (added.length === 0) return response;
  const { body, status, statusText } = response;
  const all = new Headers([...response.headers, ...added]);
  return new Response(body, { status, statusText, headers: all });
}

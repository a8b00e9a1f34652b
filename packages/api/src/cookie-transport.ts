/**
 * How tokens travel: in the body, or in cookies. A client that has them in cookies never gets them in a
 * body, since then a script could read them after all. A challenge has none, and sets no cookies.
 */
import { Refusal, type ErrorCode } from '@portcullis/contracts';
import type { RequestContext } from './context.ts';
import type { Challenged, CookieSession, Tokens } from './session.ts';

type Delivered = Tokens | CookieSession;

/** For what never asks for one more step. */
export async function deliverBy(
  transport: 'body' | 'cookie',
  request: RequestContext,
  logIn: () => Promise<Tokens>,
): Promise<Delivered> {
  if (transport === 'body') return await logIn();
  request.cookies.requireSameOrigin();
  await rejectProof(request);
  return inCookies(request, await logIn());
}

export async function logInBy(
  transport: 'body' | 'cookie',
  request: RequestContext,
  logIn: () => Promise<Tokens | Challenged>,
): Promise<Delivered | Challenged> {
  if (transport === 'body') return await logIn();
  request.cookies.requireSameOrigin();
  await rejectProof(request);
  const result = await logIn();
  return 'challenge' in result ? result : inCookies(request, result);
}

/** @param given in the body; a request with another one in a cookie says two things at once */
export async function refreshFrom(
  given: string | undefined,
  request: RequestContext,
  refresh: (token: string) => Promise<Tokens>,
): Promise<Delivered> {
  const { cookies } = request;
  const { refreshToken: kept } = cookies;
  if (given !== undefined && kept !== undefined) {
    throw new Refusal('invalid_refresh_token', { cause: new Error('a body and a cookie') });
  }
  if (given !== undefined) return await refresh(given);
  return await clearingOn('invalid_refresh_token', request, async () => {
    if (kept === undefined) {
      throw new Refusal('invalid_refresh_token', { cause: new Error('neither body nor cookie') });
    }
    await rejectProof(request);
    return inCookies(request, await refresh(kept));
  });
}

/**
 * For what ends the session: deletes the cookies, also when there was no session any more. Not when it
 * failed: then the session lives, and its owner may try again.
 */
export async function clearing<T>(
  request: RequestContext,
  over: ErrorCode,
  work: () => Promise<T>,
): Promise<T> {
  const done = await clearingOn(over, request, work);
  request.cookies.clear();
  return done;
}

async function clearingOn<T>(
  over: ErrorCode,
  request: RequestContext,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal && error.code === over) request.cookies.clear();
    throw error;
  }
}

/** Tokens that are bound to a key are worth nothing in a cookie: what sends it proves nothing. */
async function rejectProof(request: RequestContext): Promise<void> {
  const key = await request.provePossession();
  if (key === undefined) return;
  throw new Refusal('invalid_request', { cause: new Error('a proof and a cookie') });
}

function inCookies(request: RequestContext, tokens: Tokens): CookieSession {
  request.cookies.keep(tokens);
  const { expires_in, session_id } = tokens;
  return { transport: 'cookie', expires_in, session_id };
}

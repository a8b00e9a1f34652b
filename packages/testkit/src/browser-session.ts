/** A session in a browser, for tests of pages: Playwright, and whatever has a context of the same shape. */
import { isRecord, tokenCookieNames } from '@portcullis/contracts';

export interface BrowserCookie {
  name: string;
  value: string;
  /** The host that it belongs to. */
  domain: string;
  path: string;
  httpOnly: boolean;
  secure: boolean;
  sameSite: 'Strict';
  /** Seconds since the epoch. */
  expires: number;
}

/** The part of Playwright's `BrowserContext` that is used; Playwright is not needed. */
export interface BrowserContextLike {
  addCookies(cookies: BrowserCookie[]): Promise<unknown>;
  addInitScript(script: { content: string }): Promise<unknown>;
}

/** What `signIn` gives, or the answer of a real auth service to a login. */
export interface BrowserSession {
  token: string;
  sessionId: string;
  /** Only a real auth service gives one, and only with it a page can renew its cookies. */
  refreshToken?: string;
}

export interface SignInBrowserOptions {
  /** The address of the pages: `http://localhost:3000`. */
  url: string;
  /** The address of auth, as the pages give it to `createPortcullisClient`: then the SDK there knows of the session at once. */
  auth?: string;
  /** As PORTCULLIS_INSECURE_COOKIES of the services; false unless given. */
  insecureCookies?: boolean;
}

/** For a refresh token: the session may end before. */
const REFRESH_SECONDS = 90 * 24 * 3_600;
/** How long before its end the SDK renews a token, in milliseconds. */
const MARGIN_MS = 30_000;

/**
 * Puts a session into a browser context, as a login in cookie mode does.
 *
 * @example
 * await signInBrowser(context, await issuer.signIn({ roles: ['admin'] }), { url: 'http://localhost:3000' });
 * @throws TypeError for an address that is not http or https, and for a text that is no token
 */
export async function signInBrowser(
  context: BrowserContextLike,
  session: BrowserSession,
  { url, auth, insecureCookies = false }: SignInBrowserOptions,
): Promise<void> {
  const { origin, hostname, protocol } = new URL(url);
  if (!/^https?:$/.test(protocol)) {
    throw new TypeError('signInBrowser: url has to begin with http:// or https://');
  }
  const exp = expiryOf(session.token);
  const names = tokenCookieNames(insecureCookies);
  const cookie = (name: string, value: string, expires: number): BrowserCookie => ({
    name,
    value,
    expires,
    domain: hostname,
    path: '/',
    httpOnly: true,
    secure: !insecureCookies,
    sameSite: 'Strict',
  });
  const { refreshToken } = session;
  const cookies = [cookie(names.access, session.token, exp)];
  if (refreshToken !== undefined) {
    const expires = Math.floor(Date.now() / 1_000) + REFRESH_SECONDS;
    cookies.push(cookie(names.refresh, refreshToken, expires));
  }
  await context.addCookies(cookies);
  if (auth !== undefined)
    await context.addInitScript({ content: noteOf(session, origin, auth, exp) });
}

/** What the SDK notes of a session whose tokens it cannot read; a note that a page has made since is left alone. */
function noteOf({ sessionId }: BrowserSession, origin: string, auth: string, exp: number): string {
  const expiresAt = exp * 1_000;
  const stamp = `${sessionId} of a test`;
  const note = { state: 'in', sessionId, stamp, expiresAt, marginMs: MARGIN_MS };
  const [where, name, text] = [origin, `portcullis ${auth}`, JSON.stringify(note)].map((one) =>
    JSON.stringify(one),
  );
  return `if (location.origin === ${where} && localStorage.getItem(${name}) === null) localStorage.setItem(${name}, ${text});`;
}

/** @returns seconds since the epoch */
function expiryOf(token: string): number {
  try {
    const [, payload = ''] = token.split('.');
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
    if (isRecord(claims) && typeof claims['exp'] === 'number') return claims['exp'];
  } catch {
    // Said below.
  }
  throw new TypeError('signInBrowser: the session has no token that says when it expires');
}

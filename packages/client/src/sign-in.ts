/**
 * Signing in on the pages of auth: there by an authorization request (RFC 6749 section 4.1.1) with PKCE (RFC 7636), and back
 * with a code.
 *
 * Invariant: a code is exchanged only where this very browser tab asked for it (`state`), and auth has answered (`iss`, RFC
 * 9207). What is kept between the two is good once.
 */
import { isRecord } from './answer-shape.ts';
import { PortcullisError } from './error.ts';
import { exchange, TOKEN_TIMEOUT_MS, type Fetch } from './exchange.ts';

/** The client that users sign in through unless another one is named. */
const FIRST_PARTY_CLIENT = 'cli_first-party';
const KEPT_AS = 'portcullis.sign-in';

export interface SignInOptions {
  /** Where the user comes back to: exactly one of the addresses that were declared for the client. */
  redirect: string;
  /** The application, as `ensure-application` has made it; the first-party client unless given. */
  client?: string;
  /** Opens the page; `location.assign` unless given. */
  navigate?: (url: string) => void;
}

/** What is kept in the tab until the user is back. */
interface Begun {
  state: string;
  verifier: string;
  redirect: string;
  client: string;
  issuer: string;
}

/** What a code is exchanged with. */
export interface CompletedSignIn {
  code: string;
  code_verifier: string;
  redirect_uri: string;
  client_id: string;
}

/** @throws PortcullisError when auth could not be asked who it is */
export async function beginSignIn(
  authUrl: string,
  fetch: Fetch,
  { redirect, client = FIRST_PARTY_CLIENT, navigate = openPage }: SignInOptions,
): Promise<void> {
  const base = authUrl.replace(/\/+$/, '');
  const issuer = await issuerOf(base, fetch);
  const verifier = randomText();
  const begun = { state: randomText(), verifier, redirect, client, issuer };
  keep(begun);
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: client,
    redirect_uri: redirect,
    state: begun.state,
    code_challenge: await challengeOf(verifier),
    code_challenge_method: 'S256',
  });
  navigate(`${base}/oauth2/authorize?${query.toString()}`);
}

/**
 * Reads the answer from an address, takes it out of that of the page, and forgets what was kept for it.
 *
 * @returns undefined for an address that holds no answer
 * @throws PortcullisError `invalid_code` for an answer to another request, or of another server; `invalid_request` for one
 *   that says that the request was refused
 */
export function readAnswer(url: string): CompletedSignIn | undefined {
  const answer = new URL(url).searchParams;
  const code = answer.get('code');
  const error = answer.get('error');
  const state = answer.get('state');
  if (state === null || (code === null && error === null)) return undefined;
  hideAnswer();
  const begun = kept();
  if (begun?.state !== state || begun.issuer !== answer.get('iss')) {
    throw new PortcullisError('invalid_code');
  }
  forget();
  if (code === null)
    throw new PortcullisError('invalid_request', { cause: new Error(error ?? '') });
  const { verifier, redirect, client } = begun;
  return { code, code_verifier: verifier, redirect_uri: redirect, client_id: client };
}

/** Takes the answer out of the address of the page, and so out of the history of the browser. */
function hideAnswer(): void {
  if (!('location' in globalThis) || !('history' in globalThis)) return;
  const url = new URL(location.href);
  for (const name of ['code', 'state', 'iss', 'error']) url.searchParams.delete(name);
  history.replaceState(history.state, '', url);
}

export function addressOfPage(): string {
  if ('location' in globalThis) return location.href;
  throw new TypeError(
    'there is no page here: completeSignIn takes the address that the user came back to',
  );
}

async function issuerOf(base: string, fetch: Fetch): Promise<string> {
  const url = `${base}/.well-known/oauth-authorization-server`;
  const { ok, status, body } = await exchange(
    fetch,
    url,
    { credentials: 'omit' },
    TOKEN_TIMEOUT_MS,
  );
  if (!ok || !isRecord(body) || typeof body['issuer'] !== 'string') {
    throw new PortcullisError('protocol', { status });
  }
  return body['issuer'];
}

/** 43 characters of base64url: 256 random bits (RFC 7636 section 7.1). */
function randomText(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

async function challengeOf(verifier: string): Promise<string> {
  const bytes = new TextEncoder().encode(verifier);
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

function openPage(url: string): void {
  location.assign(url);
}

/** Where there is no storage of a tab: in Node, for programs that open the page elsewhere. */
let inMemory: string | undefined;

function keep(begun: Begun): void {
  const text = JSON.stringify(begun);
  if ('sessionStorage' in globalThis) sessionStorage.setItem(KEPT_AS, text);
  else inMemory = text;
}

function forget(): void {
  inMemory = undefined;
  if ('sessionStorage' in globalThis) sessionStorage.removeItem(KEPT_AS);
}

function kept(): Begun | undefined {
  const text = 'sessionStorage' in globalThis ? sessionStorage.getItem(KEPT_AS) : inMemory;
  if (text === null || text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isBegun(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isBegun(value: unknown): value is Begun {
  const names = ['state', 'verifier', 'redirect', 'client', 'issuer'];
  return isRecord(value) && names.every((name) => typeof value[name] === 'string');
}

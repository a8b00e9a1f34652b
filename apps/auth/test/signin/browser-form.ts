/** What a browser does on the pages of auth, without one: forms as they stand in the page, and redirects that are not followed. */
import { createHash, randomBytes } from 'node:crypto';
import { clientId } from '@portcullis/contracts/schemas';
import { ensureApplication } from '../../src/client/ensure-application.ts';
import { changeOffline } from '../../src/commands/change-offline.ts';
import { PASSWORD, type AuthInstance, type AuthSystem } from '../auth-system.ts';

export const APP = 'cli_web-shop';
export const REDIRECT = 'https://shop.example.test/back?from=auth';

export async function makeApplication(
  system: AuthSystem,
  id = APP,
  redirectUris = [REDIRECT],
): Promise<void> {
  const application = { id: clientId.parse(id), name: 'The <Shop>', redirectUris };
  await changeOffline(system.bed.databaseUrls.auth, async (_, withChange) => {
    await ensureApplication(withChange, application);
  });
}

export interface PageAnswer {
  status: number;
  headers: Headers;
  text: string;
}

export async function open(
  auth: AuthInstance,
  path: string,
  headers: Record<string, string> = {},
): Promise<PageAnswer> {
  return pageOf(await fetch(auth.url + path, { redirect: 'manual', headers }));
}

/** As a form of a page of auth is sent, unless the headers say otherwise. */
export async function send(
  auth: AuthInstance,
  path: string,
  form: Record<string, string>,
  headers: Record<string, string> = { origin: auth.url, 'sec-fetch-site': 'same-origin' },
): Promise<PageAnswer> {
  const body = new URLSearchParams(form);
  const sent = { method: 'POST', redirect: 'manual', headers, body } as const;
  return pageOf(await fetch(auth.url + path, sent));
}

async function pageOf(response: Response): Promise<PageAnswer> {
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** The value of a hidden field. */
export function fieldOf({ text }: PageAnswer, name: string): string {
  const value = new RegExp(`name="${name}" value="([^"]*)"`).exec(text)?.[1];
  if (value === undefined) throw new Error(`the page has no ${name}`);
  return value;
}

export interface Asked {
  verifier: string;
  state: string;
  query: string;
}

export function ask(changes: Record<string, string | null> = {}): Asked {
  const verifier = randomBytes(32).toString('base64url');
  const state = randomBytes(8).toString('hex');
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: APP,
    redirect_uri: REDIRECT,
    state,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) query.delete(name);
    else query.set(name, value);
  }
  return { verifier, state, query: query.toString() };
}

/** The parameters of the address that a redirect leads to. */
export function sentTo({ status, headers }: PageAnswer): URL {
  const location = headers.get('location');
  if (status !== 303 || location === null) throw new Error(`no redirect: ${status}`);
  return new URL(location);
}

/** The whole way to a code. */
export async function codeOf(auth: AuthInstance, email: string, { query }: Asked): Promise<string> {
  const form = { email, password: PASSWORD };
  const code = sentTo(await send(auth, `/signin?${query}`, form)).searchParams.get('code');
  if (code === null) throw new Error('no code');
  return code;
}

/** The form of an exchange at the token endpoint. */
export function exchangeForm(
  { verifier }: Asked,
  code: string,
  changes: Record<string, string> = {},
): Record<string, string> {
  return {
    grant_type: 'authorization_code',
    client_id: APP,
    redirect_uri: REDIRECT,
    code_verifier: verifier,
    code,
    ...changes,
  };
}

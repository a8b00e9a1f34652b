/** The pages over HTTP: what they promise to browsers, whose forms they take, and that they answer what the API answers. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mkdtemp, rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD, startAuthSystem, type AuthSystem } from '../auth-system.ts';
import { CodeFactor } from '../login/code-factor.ts';
import {
  ask,
  fieldOf,
  makeApplication,
  open,
  send,
  sentTo,
  type PageAnswer,
} from './browser-form.ts';

let system: AuthSystem;
let factor: CodeFactor;
let mails: string;
let email: string;

beforeAll(async () => {
  factor = new CodeFactor();
  mails = await mkdtemp(join(tmpdir(), 'portcullis-mails-'));
  const overrides = {
    PORTCULLIS_MAIL_FOLDER: mails,
    PORTCULLIS_WEB_ORIGINS: 'https://app.example.test',
    PORTCULLIS_PAGES_STYLE: ':root{--accent:#0b6}',
    PORTCULLIS_PAGES_LOGO: '<svg/>',
  };
  system = await startAuthSystem({ factors: [factor], overrides });
  await makeApplication(system);
  ({ email } = await system.auth.newcomer());
}, 120_000);
afterAll(async () => {
  await system.bed.dispose();
  await rm(mails, { recursive: true });
});

const PAGES = ['/signin', '/signup', '/forgot', '/signout'];

function policyOf({ headers }: PageAnswer): string[] {
  return (headers.get('content-security-policy') ?? '').split('; ');
}

function titleOf({ text }: PageAnswer): string | undefined {
  return /<h1>([^<]*)<\/h1>/.exec(text)?.[1];
}

function alertOf({ text }: PageAnswer): string | undefined {
  return /role="alert">([^<]*)</.exec(text)?.[1];
}

const cookiesOf = ({ headers }: PageAnswer): string =>
  headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0])
    .join('; ');

describe('every page', () => {
  it.each(PAGES)('%s has no script, nothing inline, and a policy that says so', async (path) => {
    const page = await open(system.auth, path);
    expect(page.status).toBe(200);
    expect(page.text).not.toMatch(/<script|<style| style=| on[a-z]+=/i);
    expect(policyOf(page)).toEqual([
      "default-src 'none'",
      "style-src 'self'",
      "img-src 'self'",
      "base-uri 'none'",
      "form-action 'self'",
      "frame-ancestors 'none'",
    ]);
    expect(page.headers.get('referrer-policy')).toBe('same-origin');
    expect(page.headers.get('x-frame-options')).toBe('DENY');
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    expect(page.headers.getSetCookie()).toEqual([]);
  });

  it('lets its forms lead to the one address that the application goes back to', async () => {
    const page = await open(system.auth, `/signin?${ask().query}`);
    expect(policyOf(page)).toContain("form-action 'self' https://shop.example.test");
    expect(page.text).toContain('<strong>The &lt;Shop&gt;</strong>');
  });

  it.each([
    [undefined, 'Sign in', 'en'],
    ['de', 'Anmelden', 'de'],
    ['de-AT,de;q=0.9,en;q=0.8', 'Anmelden', 'de'],
    ['en;q=0.3, de;q=0.7', 'Anmelden', 'de'],
    ['fr, en;q=0.5, de;q=0.4', 'Sign in', 'en'],
    ['de;q=0', 'Sign in', 'en'],
    ['__proto__, constructor', 'Sign in', 'en'],
  ])('is in the language of %s: %s', async (accepted, title, language) => {
    const headers: Record<string, string> =
      accepted === undefined ? {} : { 'accept-language': accepted };
    const page = await open(system.auth, '/signin', headers);
    expect(titleOf(page)).toBe(title);
    expect(page.headers.get('content-language')).toBe(language);
    expect(page.text).toContain(`<html lang="${language}">`);
  });

  it('has its style sheet and its logo here, as the installation has them', async () => {
    const style = await open(system.auth, '/account/signin.css');
    expect([style.status, style.headers.get('content-type')]).toEqual([
      200,
      'text/css; charset=utf-8',
    ]);
    expect(style.text).toContain('color-scheme: light dark');
    expect(style.text.endsWith(':root{--accent:#0b6}')).toBe(true);
    const logo = await open(system.auth, '/account/logo.svg');
    expect([logo.status, logo.text]).toEqual([200, '<svg/>']);
    expect(logo.headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  it('shows as text what was typed', async () => {
    const page = await send(system.auth, '/signin', { email: '"><b>x', password: 'y' });
    expect(page.text).toContain('value="&quot;&gt;&lt;b&gt;x"');
  });
});

describe('whose forms are taken', () => {
  const site = (name: string) => ({ 'sec-fetch-site': name });
  const foreign: [string, (own: string) => Record<string, string>][] = [
    ['nothing', () => ({})],
    ['Origin: null', () => ({ origin: 'null' })],
    ['Origin: null from here', () => ({ origin: 'null', ...site('same-origin') })],
    ['another origin', () => ({ origin: 'https://example.org' })],
    ['another site', () => ({ origin: 'https://example.org', ...site('cross-site') })],
    ['a sibling', () => ({ origin: 'https://evil.example.test', ...site('same-site') })],
    ['a page that may call with cookies', () => ({ origin: 'https://app.example.test' })],
    ['the same, by a form', () => ({ origin: 'https://app.example.test', ...site('same-site') })],
    ['no page', () => site('none')],
    [
      'another scheme',
      (own) => ({ origin: own.replace('http:', 'https:'), ...site('cross-site') }),
    ],
  ];
  it.each(foreign)('not those of %s', async (_, headers) => {
    for (const path of PAGES) {
      const form = { email, password: PASSWORD };
      const page = await send(system.auth, path, form, headers(system.auth.url));
      expect(page.status).toBe(403);
      expect(page.headers.getSetCookie()).toEqual([]);
    }
  });

  it('those of its own, by either header', async () => {
    for (const headers of [{ origin: system.auth.url }, site('same-origin')]) {
      const page = await send(system.auth, '/signin', { email, password: PASSWORD }, headers);
      expect(page.status).toBe(303);
    }
  });

  it('and no JSON', async () => {
    const response = await fetch(`${system.auth.url}/signin`, {
      method: 'POST',
      headers: { origin: system.auth.url, 'content-type': 'application/json' },
      body: JSON.stringify({ email, password: PASSWORD }),
    });
    expect(response.status).toBe(415);
  });
});

describe('signing in', () => {
  it('puts the session into the cookies of cookie mode, and signing out ends it', async () => {
    const page = await send(system.auth, '/signin', { email, password: PASSWORD });
    expect([page.status, page.headers.get('location')]).toEqual([303, 'signout?signed-in']);
    for (const line of page.headers.getSetCookie()) {
      expect(line).toMatch(/; Path=\/; HttpOnly; Secure; SameSite=Strict$/);
    }
    const cookie = cookiesOf(page);
    const own = { origin: system.auth.url, 'sec-fetch-site': 'same-origin', cookie };
    const sessions = await open(system.auth, '/v1/sessions', own);
    expect(sessions.status).toBe(200);
    expect(titleOf(await open(system.auth, '/signout?signed-in'))).toBe('You are signed in');
    const out = await send(system.auth, '/signout', {}, own);
    expect([out.status, titleOf(out)]).toEqual([200, 'You are signed out']);
    expect(out.headers.getSetCookie().every((line) => line.includes('Max-Age=0'))).toBe(true);
    expect((await open(system.auth, '/v1/sessions', own)).status).toBe(401);
    expect((await send(system.auth, '/signout', {}, own)).status).toBe(200);
  });

  it('says of a wrong password and of no account what the API says', async () => {
    const body = { email, password: 'not this one at all' };
    const { status, body: said } = await system.auth.call('POST', '/v1/login', { body });
    for (const given of [body, { ...body, email: 'nobody@example.test' }]) {
      const page = await send(system.auth, '/signin', given);
      expect([page.status, alertOf(page)]).toEqual([status, said.message]);
      expect(page.headers.getSetCookie()).toEqual([]);
      expect(page.text).not.toContain(given.password);
    }
    const own = { origin: system.auth.url, 'accept-language': 'de' };
    expect(alertOf(await send(system.auth, '/signin', body, own))).toBe(
      'Die E-Mail-Adresse oder das Passwort ist falsch.',
    );
  });

  it('asks for what is missing', async () => {
    for (const form of [{}, { email }, { password: PASSWORD }, { email: '', password: '' }]) {
      expect((await send(system.auth, '/signin', form)).status).toBe(400);
    }
  });

  it('asks for a further step, and goes on to the application by it', async () => {
    const user = await system.auth.newcomer();
    const code = factor.enrol(await system.idOf(user.email));
    const { query } = ask();
    const path = `/signin?${query}`;
    const first = await send(system.auth, path, { email: user.email, password: PASSWORD });
    expect([first.status, titleOf(first)]).toEqual([200, 'One more step']);
    expect(first.headers.getSetCookie()).toEqual([]);
    const form = {
      challenge: fieldOf(first, 'challenge'),
      methods: fieldOf(first, 'methods'),
      method: fieldOf(first, 'method'),
    };
    const wrong = await send(system.auth, path, { ...form, answer: 'no' });
    expect([wrong.status, titleOf(wrong)]).toEqual([401, 'One more step']);
    expect(fieldOf(wrong, 'challenge')).toBe(form.challenge);
    const right = await send(system.auth, path, { ...form, answer: ` ${code} ` });
    expect(sentTo(right).searchParams.get('code')).toMatch(/^pac_/);
    const again = await send(system.auth, path, { ...form, answer: code });
    expect([again.status, titleOf(again)]).toEqual([401, 'Sign in']);
  });
});

describe('signing up, and asking for a mail', () => {
  it('says the same whether or not the address is known', async () => {
    const password = 'a lantern above the western gate';
    for (const address of [email, 'new@example.test']) {
      const up = await send(system.auth, '/signup', { email: address, password, name: ' ' });
      expect([up.status, titleOf(up)]).toEqual([200, 'Look into your mailbox']);
      const forgot = await send(system.auth, '/forgot', { email: address });
      expect([forgot.status, titleOf(forgot)]).toEqual([200, 'Look into your mailbox']);
    }
    expect((await system.auth.logIn('new@example.test', password)).token_type).toBe('Bearer');
  });

  it('says what is wrong with a password, in both languages', async () => {
    const form = { email: 'short@example.test', password: 'short' };
    const page = await send(system.auth, '/signup', form);
    expect([page.status, alertOf(page)]).toEqual([400, expect.stringMatching(/^Too short/)]);
    const own = { origin: system.auth.url, 'accept-language': 'de' };
    expect(alertOf(await send(system.auth, '/signup', form, own))).toMatch(/zu kurz/);
    expect(page.text).not.toContain('value="short"');
  });

  it('takes the application along', async () => {
    const { query } = ask();
    for (const path of ['/signup', '/forgot']) {
      const page = await open(system.auth, `${path}?${query}`);
      expect(page.text).toContain(`href="signin?${query.replaceAll('&', '&amp;')}"`);
    }
  });
});

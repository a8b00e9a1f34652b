/** Every page of auth in every state of it, and what is looked at in each. */
import axe, { type AxeResults } from 'axe-core';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import type { Account } from './calls.ts';
import { oneTimeCode, type TwoStepAccount } from './signing-in.ts';

export interface Setting {
  /** Its address. */
  auth: string;
  client: string;
  redirect: string;
  account: Account;
  user: TwoStepAccount;
}

type Reach = (page: Page) => Promise<void>;

const PASSWORD = 'a lantern above the western gate';

/** How each state is reached, by its name. */
export function signInStates(setting: Setting): Readonly<Record<string, Reach>> {
  const { auth, client, redirect, account, user } = setting;
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: client,
    redirect_uri: redirect,
    code_challenge: 'a'.repeat(43),
    code_challenge_method: 'S256',
  }).toString();
  const open =
    (path: string): Reach =>
    async (page) => {
      await page.goto(`${auth}${path}`);
    };
  const submit =
    (path: string, fields: Record<string, string>): Reach =>
    async (page) => {
      await page.goto(`${auth}${path}`);
      await fill(page, fields);
    };
  const { email } = account;
  const secondStep = submit(`/signin?${query}`, credentialsOf(user));
  return {
    'sign-in': open(`/oauth2/authorize?${query}`),
    'wrong-password': submit(`/signin?${query}`, { email, password: 'not this one' }),
    'second-step': secondStep,
    async 'wrong-code'(page) {
      await secondStep(page);
      await fill(page, { answer: '000000' });
    },
    'sign-up': open(`/signup?${query}`),
    'weak-password': submit('/signup', { email: 'ada@example.test', password: 'aaaaaaaaaaaaaaa' }),
    'signed-up': submit('/signup', { email: 'ada@example.test', password: PASSWORD }),
    forgot: open('/forgot'),
    'forgot-sent': submit('/forgot', { email }),
    'signed-in': submit('/signin', credentialsOf(account)),
    'sign-out': open('/signout'),
    async 'signed-out'(page) {
      await page.goto(`${auth}/signout`);
      await fill(page, {});
    },
    async 'signed-in-by-code'(page) {
      await submit('/signin', credentialsOf(user))(page);
      await fill(page, { answer: oneTimeCode(user.secret, 1) });
    },
    'unknown-application': open(
      '/oauth2/authorize?client_id=cli_none&redirect_uri=https://shop.example.test',
    ),
    async 'form-of-another-page'(page) {
      await page.setContent(
        `<form method="post" action="${auth}/signin"><button>Go</button></form>`,
      );
      await fill(page, {});
    },
  };
}

const credentialsOf = ({ email, password }: Account) => ({ email, password });

/** Fills the form of the page, and sends it. */
async function fill(page: Page, fields: Record<string, string>): Promise<void> {
  for (const [name, value] of Object.entries(fields)) {
    const input = page.locator(`[name=${name}]`);
    if ((await input.count()) > 0) await input.fill(value);
  }
  await page.locator('form button').click();
  await page.waitForLoadState();
}

/** CSS pixels: the narrowest screen of WCAG 2.2, 1.4.10, and a desk. */
const WIDTHS = [320, 1280] as const;
const THEMES = ['light', 'dark'] as const;
/** All rules but these are the same in either theme. */
const COLOURS = { runOnly: ['color-contrast', 'link-in-text-block'] };
/** Where pictures of the pages are put, if anywhere. */
const PICTURES = process.env['PORTCULLIS_TEST_PICTURES'];

/** @returns what axe finds in either theme, and what does not fit, in words; nothing: all is well */
export async function problemsOf(page: Page, state: string): Promise<string[]> {
  const problems: string[] = [];
  if ((await page.locator('h1').count()) !== 1) problems.push(`${state}: is none of the pages`);
  await page.evaluate(axe.source);
  for (const colorScheme of THEMES) {
    await page.emulateMedia({ colorScheme });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: width === 320 ? 640 : 800 });
      if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) {
        problems.push(`${state}: is wider than ${width}`);
      }
      if (PICTURES !== undefined) {
        await mkdir(PICTURES, { recursive: true });
        const path = join(PICTURES, `${state}-${colorScheme}-${width}.png`);
        await page.screenshot({ path, fullPage: true });
      }
    }
    const run = `axe.run(document, ${JSON.stringify(colorScheme === 'light' ? {} : COLOURS)})`;
    const { violations } = await page.evaluate<AxeResults>(run);
    for (const { id, help, nodes } of violations) {
      problems.push(
        `${state}, ${colorScheme}: ${id}, ${help}: ${nodes.map((one) => one.html).join(' ')}`,
      );
    }
  }
  return problems;
}

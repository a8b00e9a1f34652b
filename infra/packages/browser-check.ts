/** The hooks of @portcullis/react in a real browser, with the React that a project has: what two tabs show of one session. */
import type { TestSystem } from '@portcullis/testbed';
import { build } from 'esbuild';
import { deepEqual } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import type { Project } from './project.ts';
import { NotJudged } from './steps.ts';
import { ROOT } from '../paths.ts';
import { CHROMIUM, launchChromium } from '../browser/chromium.ts';
import { startFront } from '../browser/front.ts';

/** One that the Chromium of the tests reaches; its pages may have cookies of `__Host-`. */
const HOST = 'app.localhost';
/** The page, in a project. */
const PAGE = 'browser/page.ts';

export function addPage(project: Project): void {
  project.addSources(join(ROOT, 'packages/react/test/page.ts'), PAGE);
}

/**
 * Login and logout in one tab, each seen in both, without a word on the console.
 *
 * @param project has the page, and all that it imports
 * @returns what was seen
 * @throws AssertionError for an error in a tab, Error of Playwright where a tab shows something else, NotJudged without a Chromium
 */
export async function showsSessionInTabs(project: Project, system: TestSystem): Promise<string> {
  if (CHROMIUM === undefined) throw new NotJudged('there is no Chromium on this machine');
  const [email, password] = [
    `${randomBytes(6).toString('hex')}@example.com`,
    randomBytes(18).toString('base64'),
  ];
  await using front = await startFront(system, HOST, { script: await bundledPage(project) });
  const browser = await launchChromium();
  try {
    const context = await browser.newContext();
    const problems: string[] = [];
    const open = async (): Promise<Page> => {
      const page = await context.newPage();
      noteProblems(page, problems);
      await page.goto(front.urlOf(HOST));
      return page;
    };
    const tabs: [Page, Page] = [await open(), await open()];
    const [first] = tabs;
    await show(tabs, 'signed_out', 'signed_out');
    const [account, credentials] = [
      { email, password, name: 'Ada' },
      { email, password },
    ];
    await first.evaluate(`portcullis.auth.register.mutate(${JSON.stringify(account)})`);
    await first.evaluate(`portcullis.logIn(${JSON.stringify(credentials)})`);
    await show(tabs, 'signed_in', email);
    await first.locator('button').click();
    await show(tabs, 'signed_out', 'signed_out');
    deepEqual(problems, []);
    const version = String(await first.evaluate('reactVersion'));
    return `React ${version} in Chromium: a login and a logout are seen in both tabs`;
  } finally {
    await browser.close();
  }
}

async function bundledPage({ folder }: Project): Promise<string> {
  const { outputFiles } = await build({
    ...{ absWorkingDir: folder, entryPoints: [PAGE] },
    ...{ bundle: true, write: false, format: 'esm', platform: 'browser' },
    // It warns of what is deprecated or wrong.
    define: { 'process.env.NODE_ENV': '"development"' },
  });
  return outputFiles[0]?.text ?? '';
}

function noteProblems(page: Page, problems: string[]): void {
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    // A 401 is written there by the browser, whatever the page does about it.
    const isAnswer = message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && !isAnswer) problems.push(message.text());
  });
}

/** Waits until each tab says so of the session, and each of its components so of the user. */
async function show(tabs: readonly Page[], session: string, user: string): Promise<void> {
  for (const tab of tabs) {
    const says = (text: string): Locator => tab.getByText(text, { exact: true });
    await tab.locator('#session').and(says(session)).waitFor();
    for (const component of await tab.locator('.user').all()) {
      await component.and(says(user)).waitFor();
    }
  }
}

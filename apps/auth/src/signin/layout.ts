/** What all pages have: the frame, the policy for browsers, and how one is answered. */
import type { FastifyReply } from '@portcullis/service';
import { html, type Html } from './html.ts';
import type { Language } from './texts.ts';

export interface Page {
  title: string;
  /** Below the title. */
  about?: Html | undefined;
  /** What has gone wrong. */
  alert?: string | undefined;
  body?: Html | undefined;
}

export interface Answer {
  language: Language;
  status?: number;
  /** The page of an address one level down reaches the style sheet by `../`. */
  base?: '' | '../';
  /** Where a form of the page may lead besides: the origin of the address that the user goes back to. */
  returnOrigin?: string | undefined;
}

/**
 * No script, nothing inline, nothing of another host; forms go here, and to where the answer to one may send the browser
 * (Chromium asks for that with each redirect of a form).
 */
function policyOf(returnOrigin: string | undefined): string {
  return [
    "default-src 'none'",
    "style-src 'self'",
    "img-src 'self'",
    "base-uri 'none'",
    `form-action 'self'${returnOrigin === undefined ? '' : ` ${returnOrigin}`}`,
    "frame-ancestors 'none'",
  ].join('; ');
}

/** With `no-referrer` a browser would send a form of ours with `Origin: null`, which is refused. */
export const REFERRER_POLICY = 'same-origin';

export async function answerPage(reply: FastifyReply, page: Page, answer: Answer): Promise<void> {
  const { language, status = 200, base = '', returnOrigin } = answer;
  await reply
    .code(status)
    .headers({
      'content-security-policy': policyOf(returnOrigin),
      'content-language': language.code,
      'referrer-policy': REFERRER_POLICY,
      vary: 'accept-language',
    })
    .type('text/html; charset=utf-8')
    .send(documentOf(page, language, base).text);
}

function documentOf({ title, about, alert, body }: Page, language: Language, base: string): Html {
  const lead = about === undefined ? undefined : html`<p class="about">${about}</p>`;
  const wrong = alert === undefined ? undefined : html`<p class="alert" role="alert">${alert}</p>`;
  return html`<!doctype html>
    <html lang="${language.code}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <link rel="icon" type="image/svg+xml" href="${base}account/logo.svg" />
        <link rel="stylesheet" href="${base}account/signin.css" />
      </head>
      <body>
        <main>
          <img class="logo" src="${base}account/logo.svg" alt="" width="48" height="48" />
          <h1>${title}</h1>
          ${lead}${wrong}${body}
        </main>
      </body>
    </html>`;
}

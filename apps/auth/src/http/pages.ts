/**
 * The pages that the links of mails lead to, unless PORTCULLIS_PUBLIC_URL names others: plain HTML, one
 * script and one style sheet, all from here.
 *
 * The token stands behind the `#` of the address, so that no server and no log has seen it; the script
 * takes it out of the address, and so out of the browser's history, before anything else. Nothing
 * happens before the user presses the button: a scanner that opens the links of mails uses none up.
 */
import type { FastifyInstance } from '@portcullis/service';
import { LINK_PATHS } from '../mail/templates.ts';

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Addresses are relative, so that the pages may lie below a path of a proxy. */
const SCRIPT = `const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? '';
history.replaceState(null, '', location.pathname);

const form = document.querySelector('form');
const said = document.querySelector('[role=status]');

async function post(path, body) {
  const response = await fetch('../v1/' + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (response.ok) return answer;
  const hints = (answer.issues ?? []).map(({ message }) => message);
  throw new Error([answer.message, ...hints].join(' '));
}

const ACTIONS = {
  async verify(password) {
    const body = password === '' ? { token } : { token, password };
    const { reset_token: reset } = await post('email/verify', body);
    if (reset === null) return 'Your address is confirmed.';
    location.assign('reset-password#token=' + reset);
    return 'Your address is confirmed. Now set a password.';
  },
  async reset(password) {
    await post('password/reset', { token, password });
    return 'Your password is set, and every session has ended. Log in with the new one.';
  },
};

if (token === '') {
  form.hidden = true;
  said.textContent = 'Open the complete link from the e-mail.';
}
form.addEventListener('submit', async (event) => {
  event.preventDefault();
  form.inert = true;
  said.textContent = '';
  try {
    said.textContent = await ACTIONS[form.dataset.action](form.password.value);
    form.hidden = true;
  } catch (error) {
    said.textContent = error.message;
    form.inert = false;
  }
});
`;

const STYLE = `body { font: 1.1rem/1.5 system-ui, sans-serif; margin: 4rem auto; max-width: 28rem; padding: 0 1rem; }
input, button { font: inherit; display: block; width: 100%; box-sizing: border-box; padding: 0.5rem; margin: 0.5rem 0; }
`;

interface LinkPage {
  title: string;
  action: 'verify' | 'reset';
  about: string;
  field: string;
  button: string;
}

const PAGES: Readonly<Record<keyof typeof LINK_PATHS, LinkPage>> = {
  verify: {
    title: 'Confirm your e-mail address',
    action: 'verify',
    about:
      'With the password of the account everything in it is kept. Without it, earlier changes to ' +
      'the account are discarded, and you set a new password.',
    field: '<input name="password" type="password" autocomplete="current-password">',
    button: 'Confirm',
  },
  reset: {
    title: 'Set a new password',
    action: 'reset',
    about: 'Use at least 15 characters. All sessions will be signed out.',
    field:
      '<input name="password" type="password" autocomplete="new-password" required minlength="15">',
    button: 'Set the password',
  },
};

export function addLinkPages(app: FastifyInstance): void {
  const add = (path: string, type: string, content: string): void => {
    app.get(path, async (_request, reply) =>
      reply.header('content-security-policy', POLICY).type(`${type}; charset=utf-8`).send(content),
    );
  };
  add(LINK_PATHS.verify, 'text/html', htmlOf(PAGES.verify));
  add(LINK_PATHS.reset, 'text/html', htmlOf(PAGES.reset));
  add('/account/pages.js', 'text/javascript', SCRIPT);
  add('/account/pages.css', 'text/css', STYLE);
}

function htmlOf({ title, action, about, field, button }: LinkPage): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title}</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="pages.css">
  </head>
  <body>
    <h1>${title}</h1>
    <form data-action="${action}">
      <p>${about}</p>
      <label>Password ${field}</label>
      <button>${button}</button>
    </form>
    <p role="status"></p>
    <script type="module" src="pages.js"></script>
  </body>
</html>
`;
}

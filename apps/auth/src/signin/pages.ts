/** The pages, as HTML. What they need of a request is a query, which goes along with every form and link of theirs. */
import { html, type Html } from './html.ts';
import type { Page } from './layout.ts';
import type { Language } from './texts.ts';

export interface Shown {
  language: Language;
  /** `?…`, or nothing. */
  query: string;
  /** What the user knows the application by; undefined: none has sent them. */
  application: string | undefined;
  alert?: string | undefined;
}

function aboutApplication({ language, application }: Shown): Html | undefined {
  if (application === undefined) return undefined;
  return html`${language.texts.continueTo} <strong>${application}</strong>`;
}

const addressField = ({ texts }: Language, autocomplete: 'username' | 'email', value: string) =>
  html`<div class="field">
    <label for="email">${texts.email}</label>
    <input
      id="email"
      name="email"
      inputmode="email"
      autocomplete="${autocomplete}"
      autocapitalize="none"
      spellcheck="false"
      maxlength="254"
      required
      value="${value}"
    />
  </div>`;

export function signInPage(shown: Shown, email = ''): Page {
  const { language, query, alert } = shown;
  const { texts } = language;
  return {
    title: texts.signInTitle,
    about: aboutApplication(shown),
    alert,
    body: html`<form method="post" action="signin${query}">
        ${addressField(language, 'username', email)}
        <div class="field">
          <label for="password">${texts.password}</label>
          <input
            id="password"
            name="password"
            type="password"
            autocomplete="current-password"
            required
          />
        </div>
        <button>${texts.signIn}</button>
      </form>
      <p class="links">
        <a href="forgot${query}">${texts.forgotLink}</a>
        <a href="signup${query}">${texts.signUpLink}</a>
      </p>`,
  };
}

export interface Step {
  /** The token of the challenge: a secret of this browser's, good once, in its network alone. */
  challenge: string;
  methods: readonly string[];
  chosen?: string | undefined;
}

export function stepPage({ language, query, alert }: Shown, step: Step): Page {
  const { texts } = language;
  const [only = ''] = step.methods;
  const methods =
    step.methods.length === 1
      ? html`<input type="hidden" name="method" value="${only}" />`
      : choiceOf(language, step);
  // What kind of code it is, where there is nothing to choose.
  const kind =
    step.methods.length === 1
      ? html`<p class="hint" id="kind">${nameOf(language, only)}</p>`
      : undefined;
  return {
    title: texts.stepTitle,
    about: html`${texts.stepAbout}`,
    alert,
    body: html`<form method="post" action="signin${query}">
        <input type="hidden" name="challenge" value="${step.challenge}" />
        <input type="hidden" name="methods" value="${step.methods.join(' ')}" />
        ${methods}
        <div class="field">
          <label for="answer">${texts.stepAnswer}</label>
          <input
            id="answer"
            name="answer"
            autocomplete="one-time-code"
            autocapitalize="none"
            spellcheck="false"
            required
            autofocus
            ${kind && html`aria-describedby="kind"`}
          />
          ${kind}
        </div>
        <button>${texts.stepButton}</button>
      </form>
      <p class="links"><a href="signin${query}">${texts.startAgain}</a></p>`,
  };
}

function choiceOf(language: Language, { methods, chosen = methods[0] }: Step): Html {
  const choices = methods.map((method) => {
    const checked = method === chosen ? html`checked` : undefined;
    return html`<label class="choice">
      <input type="radio" name="method" value="${method}" ${checked} required />
      ${nameOf(language, method)}
    </label>`;
  });
  return html`<fieldset>
    <legend>${language.texts.stepMethod}</legend>
    ${choices}
  </fieldset>`;
}

function nameOf({ methods }: Language, method: string): string {
  return (Object.hasOwn(methods, method) ? methods[method] : undefined) ?? method;
}

export function signUpPage(shown: Shown, given: { email: string; name: string }): Page {
  const { language, query, alert } = shown;
  const { texts } = language;
  return {
    title: texts.signUpTitle,
    about: aboutApplication(shown),
    alert,
    body: html`<form method="post" action="signup${query}">
        ${addressField(language, 'username', given.email)}
        <div class="field">
          <label for="name">${texts.name} <span class="optional">(${texts.optional})</span></label>
          <input id="name" name="name" autocomplete="name" maxlength="100" value="${given.name}" />
        </div>
        <div class="field">
          <label for="password">${texts.password}</label>
          <input
            id="password"
            name="password"
            type="password"
            autocomplete="new-password"
            minlength="15"
            required
            aria-describedby="hint"
          />
          <p class="hint" id="hint">${texts.passwordHint}</p>
        </div>
        <button>${texts.signUp}</button>
      </form>
      <p class="links"><a href="signin${query}">${texts.signInLink}</a></p>`,
  };
}

export function forgotPage({ language, query, alert }: Shown, email = ''): Page {
  const { texts } = language;
  return {
    title: texts.forgotTitle,
    about: html`${texts.forgotAbout}`,
    alert,
    body: html`<form method="post" action="forgot${query}">
        ${addressField(language, 'username', email)}
        <button>${texts.forgotButton}</button>
      </form>
      <p class="links"><a href="signin${query}">${texts.backToSignIn}</a></p>`,
  };
}

/** A mail is on its way, or none: the page is the same. */
export function sentPage({ language: { texts }, query }: Shown, what: 'signUp' | 'forgot'): Page {
  return {
    title: texts.sentTitle,
    about: html`${what === 'signUp' ? texts.signUpSent : texts.forgotSent}`,
    body: html`<p class="links"><a href="signin${query}">${texts.backToSignIn}</a></p>`,
  };
}

export function signOutPage({ texts }: Language, isNew: boolean, alert?: string): Page {
  return {
    title: isNew ? texts.signedInTitle : texts.signOutTitle,
    about: html`${isNew ? texts.signedInAbout : texts.signOutAbout}`,
    alert,
    body: html`<form method="post" action="signout">
      <button ${isNew ? html`class="quiet"` : undefined}>${texts.signOut}</button>
    </form>`,
  };
}

export function signedOutPage({ texts }: Language): Page {
  return {
    title: texts.signedOutTitle,
    about: html`${texts.signedOutAbout}`,
    body: html`<p class="links"><a href="signin">${texts.signInLink}</a></p>`,
  };
}

/** @param signIn the address of the sign-in page, where that is what to do next */
export function errorPage({ texts }: Language, said: string, signIn?: string): Page {
  const body =
    signIn === undefined
      ? undefined
      : html`<p class="links"><a href="${signIn}">${texts.backToSignIn}</a></p>`;
  return { title: texts.errorTitle, alert: said, body };
}

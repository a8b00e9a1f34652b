/**
 * The pages on which users sign in, sign up, ask for a mail and sign out: rendered here, and without scripts.
 *
 * Invariants:
 * - They do what the API does, by the same verbs: the same limits, the same steps, the same public answers.
 * - Only a form of a page of ours is taken (visit.ts), so that no other page logs a user in.
 * - No address of a request is gone to unless its client has declared it (oauth/authorization-request.ts).
 */
import type { FastifyInstance } from '@portcullis/service';
import { addAccountForms } from './account-forms.ts';
import { addAuthorizationEndpoint } from './authorization-endpoint.ts';
import type { SignInDependencies } from './dependencies.ts';
import { addSignIn } from './sign-in.ts';
import { LOGO, STYLE } from './style.ts';

export function addSignInPages(app: FastifyInstance, dependencies: SignInDependencies): void {
  addAuthorizationEndpoint(app, dependencies);
  addSignIn(app, dependencies);
  addAccountForms(app, dependencies);
  const add = (path: string, type: string, content: string): void => {
    app.get(path, async (_request, reply) =>
      reply
        .headers({ 'cache-control': 'public, max-age=3600' })
        .type(`${type}; charset=utf-8`)
        .send(content),
    );
  };
  const { style, logo } = dependencies.looks;
  add('/account/signin.css', 'text/css', `${STYLE}${style}`);
  add('/account/logo.svg', 'image/svg+xml', logo ?? LOGO);
}
